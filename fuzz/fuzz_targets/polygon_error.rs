//! Answers of Massive that are no rows.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| undertow_vendor::fuzzing::fuzz_polygon_error(data));
