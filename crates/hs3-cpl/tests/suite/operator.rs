//! The operator of this suite: the shared one, with a way to write granules to INPUT.

use std::ops::Deref;
use std::path::PathBuf;

pub(crate) use cumulus_core::testing::operator::Run;

use crate::granule::{ProductKind, Recipe};

pub(crate) struct Operator(cumulus_core::testing::operator::Operator);

impl Deref for Operator {
    type Target = cumulus_core::testing::operator::Operator;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Operator {
    pub(crate) fn new() -> Self {
        Self(cumulus_core::testing::operator::Operator::new(env!("CARGO_BIN_EXE_hs3-cpl")))
    }

    /// Writes a granule under its producer's name.
    pub(crate) fn granule(&self, sortie: &str, recipe: &Recipe) -> PathBuf {
        let product = match recipe.product {
            ProductKind::Atb => "ATB",
            ProductKind::Op => "OP",
        };
        let path = self.input().join(format!("HS3_CPL_{product}_{sortie}_20120906.hdf5"));
        recipe.write(&path).unwrap();
        path
    }
}
