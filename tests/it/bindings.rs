//! The TypeScript types of the screen are those of the program.

use crate::source;

const PATH: &str = "ui/src/api/bindings.ts";

#[test]
fn bindings_are_fresh() {
    let fresh = undertow_api::bindings::typescript();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(source::root().join(PATH), &fresh).unwrap();
    }
    let known = source::read(PATH);
    let stale = known.lines().zip(fresh.lines()).find(|(known, fresh)| known != fresh);
    assert!(
        known == fresh,
        "{PATH} is old at {stale:?}: run `UPDATE_EXPECT=1 cargo nextest run --workspace bindings`"
    );
}
