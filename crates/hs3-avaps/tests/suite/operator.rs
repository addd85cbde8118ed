//! The operator of this suite: the shared one, with ways to write soundings to INPUT and to read products.

use std::ops::Deref;

use cumulus_core::testing::operator::Run;
pub(crate) use cumulus_core::testing::operator::skip;

use crate::recipe::Recipe;

pub(crate) struct Operator(cumulus_core::testing::operator::Operator);

impl Deref for Operator {
    type Target = cumulus_core::testing::operator::Operator;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Operator {
    pub(crate) fn new() -> Self {
        Self(cumulus_core::testing::operator::Operator::new(env!("CARGO_BIN_EXE_hs3-avaps")))
    }

    /// Writes a sounding under this name.
    pub(crate) fn sounding(&self, name: &str, recipe: &Recipe) {
        recipe.write(&self.input().join(name)).unwrap();
    }

    /// Converts `input` into `output`; soundings are small enough for the full check every time.
    pub(crate) fn convert(&self) -> Run {
        self.run(&["input", "output", "--check", "full"])
    }

    /// All values of a variable of a product.
    pub(crate) fn values(&self, product: &str, variable: &str) -> Vec<f64> {
        let file = hdf5::File::open(self.output().join(product)).unwrap();
        file.dataset(variable).unwrap().read_raw().unwrap()
    }
}
