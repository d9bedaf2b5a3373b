//! Stock-state answers.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| undertow_vendor::fuzzing::fuzz_stock_state(data));
