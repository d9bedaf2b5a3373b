//! Compiles the migrations again when a file is added: the macro alone does not notice.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
