//! A page of 500 prints from the program to disk: all new, and all known.
//!
//! The ratios to plain COPY and to row-by-row inserts are measured by the example `ingest_bench`,
//! which runs them in turn.

#[path = "../examples/market/mod.rs"]
#[expect(dead_code, reason = "shared with the examples, which need more of it")]
mod market;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use undertow_market::Print;
use undertow_store::{MergeContext, Store, StoreOptions};

const PAGE: usize = 500;
/// More pages than criterion will ask for.
const PRINTS: usize = 2_000_000;

fn merge(runtime: &Runtime, store: &Store, page: Vec<Print>) {
    let merged = runtime.block_on(store.merge_prints(page, MergeContext::default()));
    merged.expect("the merge succeeds");
}

fn pages(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let (server, _folder) = runtime.block_on(market::server()).expect("a server");
    let address = runtime.block_on(server.database("bench")).expect("a database");
    let opened = runtime.block_on(Store::open(address, StoreOptions::default()));
    let store = opened.expect("the store opens");
    let prints = market::prints(PRINTS, 1);
    let mut next = prints.chunks(PAGE).cycle();
    let mut group = criterion.benchmark_group("merge a page of 500");
    group.sample_size(30);
    let known = prints[PRINTS - PAGE..].to_vec();
    merge(&runtime, &store, known.clone());
    group.bench_function("known", |bencher| {
        let page = || known.clone();
        bencher.iter_batched(page, |page| merge(&runtime, &store, page), BatchSize::PerIteration);
    });
    group.bench_function("new", |bencher| {
        let mut page = || next.next().expect("it cycles").to_vec();
        bencher.iter_batched(
            &mut page,
            |page| merge(&runtime, &store, page),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    runtime.block_on(server.stop()).expect("the server stops");
}

criterion_group!(benches, pages);
criterion_main!(benches);
