//! Flat files of trades, days and minutes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| undertow_vendor::fuzzing::fuzz_flat_file(data));
