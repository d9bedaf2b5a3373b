//! The simulator through its public edges: the generator, and the server over real HTTP.

mod bars;
mod darkpool;
mod faults;
mod limits;
mod market;
mod options_market;
mod options_routes;
mod polygon_chain;
mod polygon_files;
mod polygon_routes;
mod scene;
mod served;
mod socket;
mod stocks_socket;
mod tape;
mod volatility_routes;
