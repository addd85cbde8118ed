//! The layout and attributes of a product, which follow CF-1.6 and ACDD-1.3, so that it is self-describing.
//!
//! [`compose`] lays out the whole file from the product's table, the binding and the track; the submodules build the
//! attributes of variables and of the file. Units that depend on the values, counts of missing values and the source's
//! checksum are known only after all values were copied: [`late_attributes`] returns those.

mod carried;
mod file;
mod flags;
mod status;
mod told;
mod variable;

use crate::map::interpreted::InterpretedSource;
use std::sync::Arc;

use crate::collection::{Role, TimeSpec, Units, VariableSpec};
use crate::map::altitudes;
use crate::map::bind::{self, BoundVariable, Dimension, Form};
use crate::map::decode::{Decoder, Statistics};
use crate::map::reading::Reading;
use crate::map::status::Geometry;
use crate::map::text;
use cumulus_model::attributes::{Attribute, Attributes};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::name::free_name;
use cumulus_model::source::Content;
use cumulus_model::structure::{Storage, Structure, Variable};
use cumulus_model::values::{ElementType, Values};

pub use file::Provenance;
pub use told::{implausible, late_attributes, units};

use crate::granule::Identity;
use crate::map;
use crate::map::bind::Binding;
use crate::map::track::{Track, Vertical};
use cumulus_model::warning::Warning;

/// The `Conventions` attribute of every output, spelled as checkers expect it.
pub const CONVENTIONS: &str = "CF-1.6, ACDD-1.3";

/// The layout of an output file, and the source of each variable's values.
#[derive(Debug)]
pub struct Composition<'granule> {
    /// Dimensions, variables and attributes of the file.
    pub structure: Structure,
    /// The source of values for each variable of the layout, in the same order.
    pub feeds: Vec<Feed<'granule>>,
    /// Lowest and highest value of the vertical coordinate, in its unit, with that unit.
    pub vertical: Option<Vertical>,
}

/// The source of an output variable's values.
#[derive(Debug)]
pub enum Feed<'granule> {
    /// Decoded rows of a dataset.
    Rows(Box<Rows<'granule>>),
    /// All values, computed here.
    Values {
        /// The values.
        values: Values,
        /// Statistics of the values, if they are computed from a dataset.
        statistics: Option<Statistics>,
    },
    /// Characters of a text variable.
    Text(Vec<u8>),
    /// Computed from the values of the variable before it while they are copied; see [`Rows::status`].
    Beside,
}

/// Rows of a dataset, and how they are decoded for an output variable.
#[derive(Debug)]
pub struct Rows<'granule> {
    /// The dataset.
    pub dataset: &'granule cumulus_model::source::Dataset,
    /// How its values are decoded.
    pub decoder: Decoder<'granule>,
    /// Rule for its unit, if the values determine it.
    pub units: Option<Units>,
    /// True if the unit is determined by the granule and not by the table.
    pub is_unit_told: bool,
    /// Magnitude at and above which its values are implausible.
    pub largest: f64,
    /// Its flag variable, if it has one.
    pub status: Option<Status>,
}

/// A flag variable that is computed from the values of another variable.
#[derive(Clone, Debug)]
pub struct Status {
    /// Its index in the layout.
    pub variable: usize,
    /// The geometry that determines the flags, together with the values.
    pub geometry: Arc<Geometry>,
}

/// Lays out the file.
///
/// # Errors
/// The vertical coordinate has missing values or is not strictly monotonic; a dataset cannot be read.
pub fn compose<'granule>(
    source: &dyn InterpretedSource,
    identity: &Identity,
    binding: &'granule Binding<'granule>,
    track: &'granule Track,
    provenance: &Provenance<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Composition<'granule>, Failure> {
    let _span = tracing::info_span!("compose").entered();
    let mut composer = Composer {
        source,
        identity,
        binding,
        track,
        wavelengths: Vec::new(),
        geometry: status::geometry(source, identity.product, binding)?,
        time_name: free_name(bind::TIME, |name| name != binding.record_dimension && is_taken(binding, name)),
        composition: Composition {
            structure: Structure {
                dimensions: binding
                    .dimensions
                    .iter()
                    .map(|dimension| (dimension.name.clone(), dimension.length))
                    .collect(),
                ..Structure::default()
            },
            feeds: Vec::new(),
            vertical: track.vertical,
        },
    };
    composer.use_dimension(&Dimension { name: binding.record_dimension.clone(), length: binding.records });
    composer.time();
    composer.wavelengths();
    for bound in &binding.variables {
        composer.bound(bound, warnings)?;
    }
    let mut composition = composer.composition;
    composition.structure.attributes =
        file::attributes(identity, track, composition.vertical, provenance, source, warnings);
    Ok(composition)
}

fn is_taken(binding: &Binding<'_>, name: &str) -> bool {
    binding.variables.iter().any(|variable| variable.name == name)
        || binding.dimensions.iter().any(|dimension| dimension.name == name)
}

struct Composer<'granule, 'run> {
    source: &'run dyn InterpretedSource,
    identity: &'run Identity,
    binding: &'granule Binding<'granule>,
    track: &'granule Track,
    /// The geometry of profiles, if some variable has status flags.
    geometry: Option<Arc<Geometry>>,
    time_name: String,
    /// Wavelengths in nanometres and the names of their coordinates.
    wavelengths: Vec<(f64, String)>,
    composition: Composition<'granule>,
}

impl<'granule> Composer<'granule, '_> {
    fn push(&mut self, variable: Variable, feed: Feed<'granule>) {
        self.composition.structure.variables.push(variable);
        self.composition.feeds.push(feed);
    }

    fn use_dimension(&mut self, dimension: &Dimension) {
        let dimensions = &mut self.composition.structure.dimensions;
        if !dimensions.iter().any(|(name, _)| *name == dimension.name) {
            dimensions.push((dimension.name.clone(), dimension.length));
        }
    }

    /// Adds a dimension of this length, called `wanted` or, if that is taken, a similar name.
    fn new_dimension(&mut self, wanted: &str, length: usize) -> Dimension {
        let dimensions = &self.composition.structure.dimensions;
        let name = free_name(wanted, |name| {
            dimensions.iter().any(|(used, _)| used == name) || is_taken(self.binding, name)
        });
        let dimension = Dimension { name, length };
        self.use_dimension(&dimension);
        dimension
    }

    fn time(&mut self) {
        let record = Dimension { name: self.binding.record_dimension.clone(), length: self.binding.records };
        let values = ndarray::Array1::from(self.track.time.seconds.clone()).into_dyn();
        let attributes = variable::time(&self.track.time, self.identity.product, self.has_seconds());
        let time = numbers(&self.time_name, ElementType::F64, &[record], None, attributes);
        self.push(time, Feed::Values { values: Values::F64(values), statistics: None });
    }

    fn has_seconds(&self) -> bool {
        match self.identity.product.time {
            TimeSpec::ClockAndDayOfYear { second, .. } => self.source.description().dataset(second).is_some(),
            TimeSpec::SinceLaunch | TimeSpec::Since { .. } | TimeSpec::Parts { .. } => false,
        }
    }

    /// Adds a scalar coordinate for each wavelength at which some variable was measured.
    fn wavelengths(&mut self) {
        let mut wavelengths: Vec<f64> = self
            .binding
            .variables
            .iter()
            .filter_map(|bound| bound.row.and_then(|row| row.wavelength_nm))
            .collect();
        wavelengths.sort_by(f64::total_cmp);
        wavelengths.dedup();
        for nanometres in wavelengths {
            let name = free_name(&bind::wavelength_name(nanometres), |name| is_taken(self.binding, name));
            self.wavelengths.push((nanometres, name.clone()));
            let value = ndarray::arr0(nanometres).into_dyn();
            let scalar = numbers(&name, ElementType::F64, &[], None, variable::wavelength(nanometres));
            self.push(scalar, Feed::Values { values: Values::F64(value), statistics: None });
        }
    }

    fn bound(
        &mut self,
        bound: &'granule BoundVariable<'granule>,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), Failure> {
        match (&bound.dataset.content, bound.form) {
            (_, Form::Text) => self.text(bound),
            (Content::Numbers(from), Form::Rows) => {
                if bound.row.is_some_and(VariableSpec::is_coordinate) {
                    self.check_coordinate(bound)?;
                }
                match &self.track.wrapped_longitude {
                    Some(longitude) if bound.dataset.path == self.identity.product.position.longitude => {
                        self.wrapped(bound, *from, longitude, warnings)
                    }
                    _ => {
                        self.rows(bound, *from, warnings);
                        Ok(())
                    }
                }
            }
            (Content::Numbers(from), Form::Edges(rule)) => self.edges(bound, *from, rule, warnings),
            (Content::Text | Content::Unsupported(_), _) => {
                Err(Failure::new(Stage::Map, &bound.dataset.path, "has no numbers")
                    .class(cumulus_model::error::Class::Internal))
            }
        }
    }

    /// Returns the `coordinates` attribute of a variable with one value or row per record; `None` for other variables
    /// and for position variables.
    fn located(&self, bound: &BoundVariable<'_>) -> Option<String> {
        let product = self.identity.product;
        let observed = product.observed.iter().flat_map(|observed| [observed.latitude, observed.longitude]);
        let is_place =
            product.position.names().chain(observed.clone()).any(|name| name == bound.dataset.path);
        let is_located = bound.is_per_record(&self.binding.record_dimension) && !is_place;
        // A variable of pixels is where these are, any other where the platform was.
        let pixels: Vec<&str> = observed.filter(|path| self.has_dimensions_of(bound, path)).collect();
        let position = if pixels.is_empty() { self.track.coordinates.as_slice() } else { pixels.as_slice() };
        let position = position.iter().map(|path| self.binding.name_of_dataset(path));
        let coordinates = std::iter::once(self.time_name.as_str()).chain(position);
        is_located.then(|| coordinates.collect::<Vec<_>>().join(" "))
    }

    /// True if a variable has every dimension of the dataset at `path`.
    fn has_dimensions_of(&self, bound: &BoundVariable<'_>, path: &str) -> bool {
        let other = self.binding.variables.iter().find(|variable| variable.dataset.path == path);
        other.is_some_and(|other| {
            other.dimensions.iter().all(|dimension| bound.dimensions.contains(dimension))
        })
    }

    fn attributes(
        &self,
        bound: &BoundVariable<'_>,
        decoder: &Decoder<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Attributes {
        let located = self.located(bound);
        let wavelength = bound.row.and_then(|row| row.wavelength_nm).and_then(|wanted| {
            let mut known = self.wavelengths.iter();
            known
                .find(|(nanometres, _)| nanometres.to_bits() == wanted.to_bits())
                .map(|(_, name)| name.clone())
        });
        let coordinates: Vec<String> = located.into_iter().chain(wavelength).collect();
        variable::attributes(
            bound,
            self.source.reading(bound.dataset),
            self.identity.product,
            decoder,
            &coordinates.join(" "),
            self.track.time.day_zero,
            warnings,
        )
    }

    fn decoder(&self, bound: &BoundVariable<'_>, from: ElementType) -> Decoder<'granule> {
        let position = &self.identity.product.position;
        let is_position = [position.latitude, position.longitude].contains(&bound.dataset.path.as_str());
        let reading = self
            .source
            .reading(bound.dataset)
            .cloned()
            .unwrap_or_else(|| Reading::by_table(bound.row, self.identity.product, from, is_position));
        Decoder {
            name: bound.name.clone(),
            from,
            sentinels: reading.sentinels,
            fill: reading.fill,
            invalid: is_position.then_some(self.track.invalid.as_slice()),
            threshold: match bound.row.map(|row| row.units) {
                Some(Units::ByMagnitude { threshold, .. }) => threshold,
                _ => f64::INFINITY,
            },
        }
    }

    fn rows(
        &mut self,
        bound: &'granule BoundVariable<'granule>,
        from: ElementType,
        warnings: &mut Vec<Warning>,
    ) {
        let decoder = self.decoder(bound, from);
        let mut attributes = self.attributes(bound, &decoder, warnings);
        let is_coordinate = bound.row.is_some_and(VariableSpec::is_coordinate);
        let fill = decoder.fill.filter(|_| !is_coordinate);
        let is_packed = self.source.reading(bound.dataset).is_some_and(|reading| reading.is_packed);
        let units = variable::units_by_magnitude(bound).filter(|_| !is_packed);
        let status = self.status(bound);
        let flags = status.as_ref().map(|_| {
            let name = free_name(&format!("{}_status", bound.name), |name| is_taken(self.binding, name));
            attributes.set(Attribute::text("ancillary_variables", name.as_str()));
            let flags = status::attributes(bound, &self.located(bound).unwrap_or_default());
            numbers(&name, ElementType::I8, &bound.dimensions, None, flags)
        });
        let variable = numbers(&bound.name, decoder.target(), &bound.dimensions, fill, attributes);
        let is_unit_told = told::is_unit_told(bound, self.source.reading(bound.dataset));
        let largest = told::largest(bound);
        let rows = Rows { dataset: bound.dataset, decoder, units, is_unit_told, largest, status };
        self.push(variable, Feed::Rows(Box::new(rows)));
        if let Some(flags) = flags {
            self.push(flags, Feed::Beside);
        }
    }

    /// Returns the status of `bound`, whose flag variable is the next one in the layout; `None` if it has no flags.
    fn status(&self, bound: &BoundVariable<'_>) -> Option<Status> {
        let geometry = self.geometry.as_ref().filter(|_| status::is_told(bound, self.binding))?;
        let variable = self.composition.structure.variables.len() + 1;
        Some(Status { variable, geometry: Arc::clone(geometry) })
    }

    /// Adds longitudes that the source counts beyond 180 degrees, in the product's range.
    fn wrapped(
        &mut self,
        bound: &'granule BoundVariable<'granule>,
        from: ElementType,
        longitude: &[f64],
        warnings: &mut Vec<Warning>,
    ) -> Result<(), Failure> {
        let decoder = self.decoder(bound, from);
        let values = Values::from_f64(decoder.target(), longitude);
        let decoder = Decoder { from: decoder.target(), ..decoder };
        let mut attributes = self.attributes(bound, &decoder, warnings);
        attributes.remark("the source has longitudes beyond 180 degrees");
        let mut statistics = Statistics::default();
        let values = decoder.decode(values, 0, &mut statistics)?;
        let variable = numbers(&bound.name, decoder.target(), &bound.dimensions, decoder.fill, attributes);
        self.push(variable, Feed::Values { values, statistics: Some(statistics) });
        Ok(())
    }

    /// Checks that a coordinate variable is strictly monotonic and has no missing values (CF-1.6, 1.2 and 2.5.1), and
    /// records its range.
    fn check_coordinate(&mut self, bound: &BoundVariable<'_>) -> Result<(), Failure> {
        let values = map::numbers(self.source, bound.dataset)?;
        let reading = self.decoder(bound, ElementType::F64);
        let broken = |found: String| {
            Failure::new(Stage::Map, &bound.dataset.path, "cannot be a coordinate")
                .found(found)
                .expected("strictly monotonic values, none missing")
                .hint("the granule is damaged; ask the producer")
        };
        if let Some(index) =
            values.iter().position(|&value| !value.is_finite() || reading.sentinels.has(value))
        {
            return Err(broken(format!("a missing value at index {index}")));
        }
        let one_way = |descends: bool| {
            values
                .iter()
                .zip(values.iter().skip(1))
                .position(|(before, after)| if descends { before <= after } else { before >= after })
        };
        if let (Some(rise), Some(_)) = (one_way(true), one_way(false)) {
            return Err(broken(format!("not monotonic at index {rise}")));
        }
        if bound.row.is_none_or(|row| row.role != Role::VerticalCoordinate) {
            return Ok(());
        }
        let lowest = values.iter().copied().reduce(f64::min);
        let highest = values.iter().copied().reduce(f64::max);
        let units =
            bound.row.and_then(|row| altitudes::written(row.units, self.source.reading(bound.dataset)));
        if let (Some(lowest), Some(highest), Some(units)) = (lowest, highest, units) {
            self.composition.vertical = Some(Vertical { lowest, highest, units });
        }
        Ok(())
    }

    /// Adds midpoints under the variable's own name, and the edges themselves as another variable.
    fn edges(
        &mut self,
        bound: &'granule BoundVariable<'granule>,
        from: ElementType,
        rule: crate::collection::Midpoint,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), Failure> {
        let edges = map::numbers(self.source, bound.dataset)?;
        let used = edges.get(..=self.binding.records).unwrap_or(&edges);
        let reading = self.source.reading(bound.dataset);
        let is_missing = |value: f64| reading.map_or(!value.is_finite(), |reading| reading.is_missing(value));
        // Counted as what the source has there, and not as NaN.
        let marker = reading.and_then(|reading| reading.fill).unwrap_or(f64::NAN);
        let midpoints = map::edges::midpoints(used, rule, is_missing).into_iter();
        let midpoints = midpoints.map(|middle| if middle.is_nan() { marker } else { middle });
        let midpoints = midpoints.collect::<ndarray::Array1<f64>>().into_dyn();
        let single = from.classic() == ElementType::F32;
        let values = if single {
            #[expect(clippy::cast_possible_truncation, reason = "the source's own precision")]
            let midpoints = midpoints.mapv(|value| value as f32);
            Values::F32(midpoints)
        } else {
            Values::F64(midpoints)
        };
        let decoder = self.decoder(bound, values.element_type());
        let mut statistics = Statistics::default();
        let values = decoder.decode(values, 0, &mut statistics)?;
        let mut attributes = self.attributes(bound, &decoder, warnings);
        let edges_name = free_name(&format!("{}_edges", bound.name), |name| is_taken(self.binding, name));
        attributes.remark(format!(
            "mean of the two record edges in {edges_name}, which has the values of the source"
        ));
        let middle = numbers(&bound.name, decoder.target(), &bound.dimensions, decoder.fill, attributes);
        self.push(middle, Feed::Values { values, statistics: Some(statistics) });

        let length = edges.len();
        let record = &self.binding.record_dimension;
        let wanted = if length == self.binding.records + 1 {
            format!("{record}_edge")
        } else {
            format!("dim_{length}")
        };
        let known = self
            .composition
            .structure
            .dimensions
            .iter()
            .any(|(name, known)| *name == wanted && *known == length);
        let dimension =
            if known { Dimension { name: wanted, length } } else { self.new_dimension(&wanted, length) };
        // Which records have an invalid position is not a statement about edges.
        let decoder = Decoder { invalid: None, ..self.decoder(bound, from) };
        let attributes = variable::edges(bound, self.source.reading(bound.dataset));
        let variable = numbers(&edges_name, decoder.target(), &[dimension], decoder.fill, attributes);
        let largest = told::largest(bound);
        let rows =
            Rows { dataset: bound.dataset, decoder, units: None, is_unit_told: false, largest, status: None };
        self.push(variable, Feed::Rows(Box::new(rows)));
        Ok(())
    }

    fn text(&mut self, bound: &BoundVariable<'_>) -> Result<(), Failure> {
        let mut strings = text::strings(self.source, bound.dataset)?;
        if bound.dimensions.is_empty() {
            strings = vec![strings.concat().trim().to_owned()];
        }
        let width = strings.iter().map(String::len).max().unwrap_or(0).max(1);
        let mut characters = Vec::with_capacity(strings.len() * width);
        for string in &strings {
            characters.extend_from_slice(string.as_bytes());
            characters.resize(characters.len() + width - string.len(), 0);
        }
        let characters_dimension = self.new_dimension(&format!("{}_strlen", bound.name), width);
        let dimensions: Vec<&Dimension> = bound.dimensions.iter().chain([&characters_dimension]).collect();
        let variable = Variable {
            name: bound.name.clone(),
            storage: Storage::Characters,
            dimensions: dimensions.iter().map(|dimension| dimension.name.clone()).collect(),
            shape: dimensions.iter().map(|dimension| dimension.length).collect(),
            fill: None,
            attributes: variable::text(bound, &strings, &self.located(bound).unwrap_or_default()),
        };
        self.push(variable, Feed::Text(characters));
        Ok(())
    }
}

fn numbers(
    name: &str,
    element_type: ElementType,
    dimensions: &[Dimension],
    fill: Option<f64>,
    attributes: Attributes,
) -> Variable {
    Variable {
        name: name.to_owned(),
        storage: Storage::Numbers(element_type),
        dimensions: dimensions.iter().map(|dimension| dimension.name.clone()).collect(),
        shape: dimensions.iter().map(|dimension| dimension.length).collect(),
        fill,
        attributes,
    }
}
