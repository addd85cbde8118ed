//! Binds every axis of every dataset to a dimension, by the product's table or else by its length.
//!
//! Input: a source and a product. Output: a [`Binding`], which names every output variable that comes from the source.
//! Lengths are never assumed: they come from the arrays, and a dataset that states a length is compared with them; it
//! determines the length only if no array does.

use crate::collection::{
    Arrangement, DimensionSpec, Evidence, Midpoint, Presence, Product, Role, VariableSpec,
};
use crate::map::interpreted::InterpretedSource;
use crate::map::{self, renamed, text};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::name::free_name;
use cumulus_model::source::{Content, Dataset};
use cumulus_model::warning::{Code, Warning};

/// Block size in elements for scanning a dataset before it is bound.
const SCANNED_ELEMENTS: usize = 1 << 18;

/// All variables that come from the source, with their dimensions.
#[derive(Debug)]
pub struct Binding<'source> {
    /// Dimensions in use: those of the product in its order, then those added for other lengths.
    pub dimensions: Vec<Dimension>,
    /// Variables in the order of the source's dataset names.
    pub variables: Vec<BoundVariable<'source>>,
    /// Number of records.
    pub records: usize,
    /// Name of the record dimension.
    pub record_dimension: String,
}

impl Binding<'_> {
    /// Returns the output name of the dataset at `path`, which differs from the path if the dataset is in a group.
    #[must_use]
    pub fn name_of_dataset<'name>(&'name self, path: &'name str) -> &'name str {
        let bound = self.variables.iter().find(|variable| variable.dataset.path == path);
        bound.map_or(path, |variable| variable.name.as_str())
    }
}

/// Returns true if a dataset must have a layout of its row: because the layout is confirmed by real files, or because
/// the dataset is the coordinate variable of a dimension.
fn must_have_its_layout(row: &VariableSpec) -> bool {
    row.evidence == Evidence::Confirmed || row.is_coordinate()
}

/// A dimension of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// Name in the output.
    pub name: String,
    /// Number of elements.
    pub length: usize,
}

/// A dataset and its variable in the output.
#[derive(Debug)]
pub struct BoundVariable<'source> {
    /// The dataset.
    pub dataset: &'source Dataset,
    /// Name in the output.
    pub name: String,
    /// Its row in the product's table, if it has one.
    pub row: Option<&'static VariableSpec>,
    /// Its dimensions, outermost first, without the dimension for the characters of text.
    pub dimensions: Vec<Dimension>,
    /// How its values are read.
    pub form: Form,
}

impl BoundVariable<'_> {
    /// Returns its CF `long_name`: that of its row, else its name without underscores.
    #[must_use]
    pub fn long_name(&self) -> String {
        match self.row {
            Some(row) => row.filled(row.long_name, &self.dataset.path),
            None => self.name.replace('_', " "),
        }
    }

    /// Returns true if it has values for each record, along any of its dimensions.
    #[must_use]
    pub fn is_per_record(&self, record_dimension: &str) -> bool {
        self.dimensions.iter().any(|dimension| dimension.name == record_dimension)
    }
}

/// How the values of a variable are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Numbers, read row by row.
    Rows,
    /// Text, read as a whole.
    Text,
    /// Numbers at record edges, at least one more than there are records: midpoints are written under the variable's
    /// name, and the edges as another variable.
    Edges(Midpoint),
}

/// Binds every dataset of `source` to the dimensions of `product`.
///
/// # Errors
/// A required dataset is missing or empty; a shape differs from a confirmed one; there is no record; a dataset has a
/// type that netCDF does not support; two datasets would get the same name.
pub fn bind<'source>(
    source: &'source dyn InterpretedSource,
    product: &'static Product,
    warnings: &mut Vec<Warning>,
) -> Result<Binding<'source>, Failure> {
    let _span = tracing::info_span!("bind").entered();
    check_presence(source, product)?;
    let is_as_stored = matches!(product.arrangement, Arrangement::AsStored);
    for (row, dataset) in
        renamed::candidates(product, source.description()).into_iter().filter(|_| is_as_stored)
    {
        let message = format!("is not in the table, and {} is absent: was it renamed?", row.name);
        warnings.push(Warning::at(Code::MaybeRenamed, renamed::with_shape(dataset), message));
    }
    let mut binder = Binder { source, product, lengths: Vec::new(), made: Vec::new() };
    binder.measure(warnings);
    let records = binder.records()?;
    let mut variables = Vec::new();
    let is_carried = |dataset: &&Dataset| {
        let is_dropped = product.row(&dataset.path).is_some_and(|row| row.is_dropped);
        !dataset.is_empty() && !is_dropped && !product.time.is_replaced(&dataset.path)
    };
    for dataset in source.description().datasets.iter().filter(is_carried) {
        let variable = binder.variable(dataset, records, warnings)?;
        if let Some(twin) = variables.iter().find(|other: &&BoundVariable<'_>| other.name == variable.name) {
            return Err(Failure::new(
                Stage::Map,
                &dataset.path,
                "has the same netCDF name as another dataset",
            )
            .found(format!("{} and {}", twin.dataset.path, dataset.path))
            .expected("names that remain different when groups are joined with _")
            .hint("ask the producer to rename one of them"));
        }
        variables.push(variable);
    }
    let mut dimensions: Vec<Dimension> = Vec::new();
    for dimension in binder.lengths.iter().chain(&binder.made) {
        if variables.iter().any(|variable| variable.dimensions.contains(dimension)) {
            dimensions.push(dimension.clone());
        }
    }
    let record_dimension = binder.name_of(product.record_dimension());
    Ok(Binding { dimensions, variables, records, record_dimension })
}

/// Name of the time variable in every product.
pub const TIME: &str = "time";

/// Returns the name of the coordinate variable for a wavelength.
#[must_use]
pub fn wavelength_name(nanometres: f64) -> String {
    format!("wavelength_{nanometres}").replace('.', "_")
}

/// Converts `path` to a legal netCDF name: groups joined by `_`, Unicode in NFC, and first and last characters that
/// netCDF allows (netCDF-C, "NetCDF Names"; it reserves the prefix `_nc4_`).
#[must_use]
pub fn legal_name(path: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let name: String = path
        .nfc()
        .map(|character| if character == '/' || character.is_control() { '_' } else { character })
        .collect();
    let name = name.trim_end();
    let starts_well =
        name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_' || !first.is_ascii());
    if starts_well && !name.starts_with("_nc4_") {
        name.to_owned()
    } else {
        format!("_{}", name.trim_start_matches("_nc4_"))
    }
}

fn check_presence(source: &dyn InterpretedSource, product: &'static Product) -> Result<(), Failure> {
    let description = source.description();
    let others = description.datasets.len();
    let near = |absent: &VariableSpec| {
        let mut candidates = renamed::candidates(product, description).into_iter();
        candidates.find(|(row, _)| row.name == absent.name).map(|(_, dataset)| renamed::with_shape(dataset))
    };
    let is_needed = |row: &VariableSpec| {
        let place_and_time = product.time.clocks().into_iter().chain(product.position.names());
        row.presence == Presence::Required || place_and_time.into_iter().any(|name| name == row.name)
    };
    let unusable = |row: &VariableSpec| {
        description.unusable.iter().find_map(|(path, failure)| row.describes(path).then_some(failure))
    };
    if let Some(failure) = product.rows().filter(|row| is_needed(row)).find_map(unusable) {
        return Err(failure.clone());
    }
    for row in product.rows().filter(|row| row.presence == Presence::Required) {
        let mut present = row.names().filter_map(|name| description.dataset(name));
        let present = present
            .next()
            .or_else(|| description.datasets.iter().find(|dataset| row.describes(&dataset.path)));
        let expected = || {
            let layout = row.layouts.first().map_or(String::new(), |layout| layout.join(", "));
            format!("{}({layout})", row.name)
        };
        match present {
            None => {
                return Err(Failure::new(Stage::Map, row.name, "is missing")
                    .found(match near(row) {
                        Some(near) => format!("{others} other datasets, among them {near}"),
                        None => format!("{others} other datasets"),
                    })
                    .expected(expected())
                    .hint(format!(
                        "this is not a whole {} granule, or the producer has changed the format; fetch it again or ask the producer",
                        product.name
                    )));
            }
            Some(dataset) if dataset.is_empty() => {
                return Err(Failure::new(Stage::Map, row.name, "has no values")
                    .found(format!("shape {:?}", dataset.shape))
                    .expected(expected())
                    .hint("the granule holds zero records; ask the producer"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

struct Binder<'source> {
    source: &'source dyn InterpretedSource,
    product: &'static Product,
    /// Dimensions of the product with known lengths.
    lengths: Vec<Dimension>,
    /// Dimensions added for lengths that no dimension of the product has.
    made: Vec<Dimension>,
}

impl<'source> Binder<'source> {
    /// Determines the lengths of the product's dimensions, as far as the granule has them.
    fn measure(&mut self, warnings: &mut Vec<Warning>) {
        for spec in self.product.dimensions {
            let by_array = self.length_by_array(spec);
            let stated = match spec.stated_by {
                Some(name) => map::single(self.source, name, warnings),
                None => None,
            };
            if let (Some((array, length)), Some(stated), Some(name)) = (by_array, stated, spec.stated_by) {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::float_cmp,
                    reason = "lengths are small whole numbers"
                )]
                if stated != length as f64 {
                    let message =
                        format!("states {stated}, {array} has {length}; the length of the array is used");
                    warnings.push(Warning::at(Code::LengthsDisagree, name, message));
                }
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be a length"
            )]
            let stated = stated.filter(|length| (1.0..1e9).contains(length)).map(|length| length as usize);
            if let Some(length) = by_array.map(|(_, length)| length).or(stated) {
                self.lengths.push(Dimension { name: self.name_of(spec.name), length });
            }
        }
    }

    fn length_by_array(&self, spec: &DimensionSpec) -> Option<(&'static str, usize)> {
        spec.sized_by.iter().find_map(|&(name, axis)| {
            let length = *self.source.description().dataset(name)?.shape.get(axis)?;
            (length > 0).then_some((name, length))
        })
    }

    /// Returns the output name of a dimension: its own, unless the product has a variable of that name that is not its
    /// coordinate. Datasets that are not in the product's table do not affect it; they are renamed.
    fn name_of(&self, dimension: &str) -> String {
        let row = self.product.row(dimension);
        if row.is_none_or(VariableSpec::is_coordinate) {
            return dimension.to_owned();
        }
        free_name(dimension, |name| self.source.description().dataset(name).is_some())
    }

    /// Returns the output name of a dataset: a legal netCDF name, with a prefix if the product uses that name itself.
    fn name_of_dataset(&self, dataset: &Dataset, row: Option<&VariableSpec>) -> String {
        if let Some((row, name)) = row.and_then(|row| Some((row, row.called?))) {
            return legal_name(&row.filled(name, &dataset.path));
        }
        let name = legal_name(&dataset.path);
        if row.is_some() || !self.is_own(&name) {
            return name;
        }
        free_name(&format!("source_{name}"), |name| {
            self.is_own(name)
                || self.source.description().datasets.iter().any(|other| legal_name(&other.path) == name)
        })
    }

    /// Returns true for names that the product uses for its own dimensions and variables.
    fn is_own(&self, name: &str) -> bool {
        let has = |row: &&VariableSpec| self.source.description().dataset(row.name).is_some();
        let is_made = |row: &VariableSpec| match row.role {
            Role::Navigation(_) => name.strip_suffix("_edges") == Some(row.name),
            _ => row.wavelength_nm.is_some_and(|nanometres| wavelength_name(nanometres) == name),
        };
        name == TIME || self.product.dimension(name).is_some() || self.product.rows().filter(has).any(is_made)
    }

    fn records(&self) -> Result<usize, Failure> {
        let name = self.name_of(self.product.record_dimension());
        self.lengths
            .iter()
            .find(|dimension| dimension.name == name)
            .map(|dimension| dimension.length)
            .ok_or_else(|| {
                Failure::new(Stage::Map, self.product.record_dimension(), "has no length")
                    .found("no dataset with one value per record")
                    .expected("at least one record")
                    .hint("the granule holds zero records; ask the producer")
            })
    }

    fn length(&self, dimension: &str) -> Option<usize> {
        let name = self.name_of(dimension);
        self.lengths.iter().find(|known| known.name == name).map(|known| known.length)
    }

    fn variable(
        &mut self,
        dataset: &'source Dataset,
        records: usize,
        warnings: &mut Vec<Warning>,
    ) -> Result<BoundVariable<'source>, Failure> {
        let row = self.row(dataset, warnings)?;
        let name = self.name_of_dataset(dataset, row);
        if row.is_none() && name != dataset.path {
            let message = format!("is called {name} in the product");
            warnings.push(Warning::at(Code::DatasetRenamed, dataset.path.as_str(), message));
        }
        let bound = |dimensions, form| BoundVariable { dataset, name: name.clone(), row, dimensions, form };
        if let Content::Unsupported(what) = &dataset.content {
            return Err(Failure::new(Stage::Map, &dataset.path, "has a type that netCDF cannot store")
                .found(what)
                .expected("numbers or text")
                .hint("ask the producer to store it as plain arrays"));
        }
        let is_text_row = row.is_some_and(|row| row.role == Role::Text);
        if is_text_row && (dataset.content == Content::Text || text::can_be_codes(&dataset.content)) {
            // A single text, however it is stored.
            return Ok(bound(Vec::new(), Form::Text));
        }
        if dataset.content == Content::Text {
            let dimensions = self.by_length(dataset, records, warnings);
            let text = BoundVariable { row: row.filter(|_| is_text_row), ..bound(dimensions, Form::Text) };
            let Some(row) = row.filter(|_| !is_text_row) else { return Ok(text) };
            if must_have_its_layout(row) || row.presence == Presence::Required {
                return Err(self.wrong_shape(dataset, row, "holds text").found("text"));
            }
            let message =
                "holds text where numbers were expected; carried as text, without unit and standard_name";
            warnings.push(Warning::at(Code::TextForNumbers, dataset.path.as_str(), message));
            return Ok(text);
        }
        let Some(row) = row else {
            let dimensions = self.by_length(dataset, records, warnings);
            return Ok(bound(dimensions, Form::Rows));
        };
        if let Some(layout) = self.matching_layout(dataset, row) {
            let dimensions = self.dimensions_of(dataset, layout);
            return Ok(bound(dimensions, Form::Rows));
        }
        if let (Role::Navigation(rule), [length]) = (row.role, dataset.shape.as_slice())
            && *length > records
        {
            if *length > records + 1 {
                let message = format!(
                    "{length} values for {records} records; the first {} are used as record edges",
                    records + 1
                );
                warnings.push(Warning::at(Code::LengthsDisagree, dataset.path.as_str(), message));
            }
            let name = self.name_of(self.product.record_dimension());
            return Ok(bound(vec![Dimension { name, length: records }], Form::Edges(rule)));
        }

        if must_have_its_layout(row) {
            return Err(self.wrong_shape(dataset, row, "has another shape"));
        }
        let dimensions = self.by_length(dataset, records, warnings);
        let names: Vec<&str> = dimensions.iter().map(|dimension| dimension.name.as_str()).collect();
        let message = format!(
            "shape {:?} matches no known layout; dimensions were assigned by length: ({})",
            dataset.shape,
            names.join(", ")
        );
        warnings.push(Warning::at(Code::ShapeUnknown, dataset.path.as_str(), message));
        Ok(bound(dimensions, Form::Rows))
    }

    /// Returns the row that describes a dataset: the one of its name, or `unless_flags` of that row if any value is
    /// not one of its flags.
    fn row(
        &self,
        dataset: &Dataset,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<&'static VariableSpec>, Failure> {
        let row = self.product.row(&dataset.path);
        let Some((row, other)) = row.and_then(|row| Some((row, row.unless_flags?))) else { return Ok(row) };
        if !matches!(dataset.content, Content::Numbers(_)) {
            return Ok(Some(row));
        }
        let flags = row.flag_values();
        // Missing and unwritten values do not decide whether the variable contains flags.
        let is_missing = |value: f64| {
            value <= map::MAX_SENTINEL
                || self.source.reading(dataset).is_some_and(|reading| reading.sentinels.has(value))
        };
        let is_other = |value: &f64| value.is_finite() && !is_missing(*value) && !flags.contains(value);
        // Read a block at a time, because flags per bin are as many as measurements.
        let row_elements = dataset.shape.iter().skip(1).product::<usize>().max(1);
        let block_rows = (SCANNED_ELEMENTS / row_elements).max(1);
        let mut others = 0;
        for first in (0..dataset.row_count()).step_by(block_rows) {
            let last = (first + block_rows).min(dataset.row_count());
            let block = self.source.rows(dataset, first..last)?;
            others += block.to_f64().iter().filter(|value| is_other(value)).count();
        }
        if others == 0 {
            return Ok(Some(row));
        }
        let message = format!("{others} values are not flag values; described as: {}", other.long_name);
        warnings.push(Warning::at(Code::ValuesAreNoFlags, dataset.path.as_str(), message).count(others));
        Ok(Some(other))
    }

    /// Returns the layout of `row` that matches the dataset's shape. A scalar layout matches any single value if no
    /// layout of the dataset's own rank does.
    fn matching_layout(
        &self,
        dataset: &Dataset,
        row: &'static VariableSpec,
    ) -> Option<&'static [&'static str]> {
        let agrees = |layout: &&&'static [&'static str]| {
            layout.len() == dataset.shape.len()
                && layout
                    .iter()
                    .zip(&dataset.shape)
                    .all(|(name, &length)| self.length(name).is_none_or(|known| known == length))
        };
        let scalar = |layout: &&&'static [&'static str]| layout.is_empty() && dataset.len() == 1;
        row.layouts.iter().find(agrees).or_else(|| row.layouts.iter().find(scalar)).copied()
    }

    /// Returns the dimensions of a layout, and records lengths that were not known before.
    fn dimensions_of(&mut self, dataset: &Dataset, layout: &[&str]) -> Vec<Dimension> {
        layout
            .iter()
            .zip(&dataset.shape)
            .map(|(dimension, &length)| {
                let dimension = Dimension { name: self.name_of(dimension), length };
                if !self.lengths.contains(&dimension) {
                    self.lengths.push(dimension.clone());
                }
                dimension
            })
            .collect()
    }

    /// Binds every axis by its length alone: to the dimension of the product that has the length, else to a dimension named
    /// after the length. If several dimensions have the length, or several axes, nothing tells them apart: such axes get
    /// dimensions of their own, with a warning. A single value has no dimensions.
    fn by_length(
        &mut self,
        dataset: &Dataset,
        records: usize,
        warnings: &mut Vec<Warning>,
    ) -> Vec<Dimension> {
        if dataset.len() == 1 && !(records == 1 && dataset.shape == [1]) {
            return Vec::new();
        }
        let mut dimensions: Vec<Dimension> = Vec::new();
        let mut ambiguous: Vec<String> = Vec::new();
        for &length in &dataset.shape {
            let candidates: Vec<&Dimension> =
                self.lengths.iter().filter(|known| known.length == length).collect();
            let axes = dataset.shape.iter().filter(|axis| **axis == length).count();
            let known = match candidates.as_slice() {
                [] => None,
                [only] if axes == 1 => Some((*only).clone()),
                // Axes of length one do not move any value, whichever dimension they get.
                several if length == 1 => {
                    several.iter().find(|one| !dimensions.contains(one)).copied().cloned()
                }
                several => {
                    ambiguous.extend(several.iter().map(|one| one.name.clone()));
                    None
                }
            };
            let unused =
                || self.made.iter().find(|made| made.length == length && !dimensions.contains(made)).cloned();
            let dimension = known.or_else(unused);
            dimensions.push(match dimension {
                Some(dimension) => dimension,
                None => self.make(length),
            });
        }
        ambiguous.sort_unstable();
        ambiguous.dedup();
        if !ambiguous.is_empty() {
            let message = format!(
                "shape {:?}: the lengths do not tell which axis is {}; these axes have dimensions of their own",
                dataset.shape,
                ambiguous.join(" or ")
            );
            warnings.push(Warning::at(Code::AxesAmbiguous, dataset.path.as_str(), message));
        }
        dimensions
    }

    fn make(&mut self, length: usize) -> Dimension {
        let name = free_name(&format!("dim_{length}"), |name| {
            self.source.description().dataset(name).is_some()
                || self.made.iter().any(|made| made.name == name)
        });
        let dimension = Dimension { name, length };
        self.made.push(dimension.clone());
        dimension
    }

    fn wrong_shape(&self, dataset: &Dataset, row: &VariableSpec, problem: &str) -> Failure {
        let layouts: Vec<String> = row
            .layouts
            .iter()
            .map(|layout| {
                let axes: Vec<String> = layout
                    .iter()
                    .map(|name| match self.length(name) {
                        Some(length) => format!("{name} = {length}"),
                        None => (*name).to_owned(),
                    })
                    .collect();
                format!("({})", axes.join(", "))
            })
            .collect();
        Failure::new(Stage::Map, &dataset.path, problem)
            .found(format!("{:?}", dataset.shape))
            .expected(layouts.join(" or "))
            .hint("the granule is damaged or of another product; ask the producer")
    }
}

#[cfg(test)]
mod tests;
