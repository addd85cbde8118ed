//! Checks any store by the contract of all stores: `check_store s3://BUCKET/EMPTY-FOLDER`, with the usual variables.

#![expect(clippy::print_stdout, reason = "a program for tests")]

use cumulus_store::contract::{Abilities, check};
use cumulus_store::{Address, Objects, Settings, VARIABLES};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address: Address = std::env::args().nth(1).ok_or("the address is missing")?.parse()?;
    let settings = Settings(std::env::vars().filter(|(name, _)| name.starts_with(VARIABLES)).collect());
    let scratch = tempfile::tempdir()?;
    let store = Objects::open(&address, &settings)?;
    check(&store, &address.key, scratch.path(), Abilities { keeps_facts: true });
    println!("{address} keeps the contract");
    Ok(())
}
