//! Answers with days and minutes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| undertow_vendor::fuzzing::fuzz_polygon_aggregates(data));
