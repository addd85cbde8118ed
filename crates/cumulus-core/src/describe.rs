//! Renders the product tables of a collection as Markdown; a test compares the committed page with the output.

use std::fmt::Write as _;

use crate::collection::{
    Collection, Evidence, Fact, Midpoint, Presence, Product, Role, Statement, Statistic, Units, VariableSpec,
};

/// Returns the whole Markdown page of `collection`.
#[must_use]
pub fn markdown(collection: &Collection) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "# {program}\n\nMade by `{program} describe`; do not edit.\n\n\
         | | |\n|---|---|\n\
         | short name | {} version {} |\n| platform | {} |\n| instrument | {} |\n| campaign | {} |\n| files | {} |\n",
        fact(&collection.short_name, "`"),
        collection.version_id,
        fact(&collection.platform, ""),
        collection.instrument,
        fact(&collection.campaign, ""),
        collection
            .extensions
            .iter()
            .map(|extension| format!("`*.{extension}`"))
            .collect::<Vec<_>>()
            .join(", "),
        program = collection.program,
    );
    for product in collection.products {
        describe_product(&mut page, product);
    }
    page
}

/// A fact as a cell of the table, its values between `quote`s.
fn fact(fact: &Fact, quote: &str) -> String {
    let (statement, meanings) = match fact {
        Fact::Always(value) => return format!("{quote}{value}{quote}"),
        Fact::Stated(statement, meanings) => (statement, meanings),
    };
    let place = match statement {
        Statement::NamePart(name) => format!("`{name}` in the file name"),
        Statement::Attribute(name) => format!("the global attribute `{name}`"),
        Statement::Dataset(path) => format!("`{path}`"),
    };
    let cases: Vec<String> =
        meanings.iter().map(|(text, value)| format!("{quote}{value}{quote} for `{text}`")).collect();
    format!("by {place}: {}", cases.join(", "))
}

fn describe_product(page: &mut String, product: &Product) {
    let recognised: Vec<String> = product.recognised_by.iter().map(|path| format!("`{path}`")).collect();
    let _ = write!(
        page,
        "\n## {}\n\n{}\n\nFile name without its ending: `{}`, such as `{}`. A file of another name is taken for this product if it holds {}.\n\n\
         | dimension | length from | compared with |\n|---|---|---|\n",
        product.name,
        product.summary,
        product.file_stem,
        product.example_stem,
        recognised.join(", "),
    );
    for dimension in product.dimensions {
        let arrays: Vec<String> =
            dimension.sized_by.iter().map(|(name, axis)| format!("`{name}` axis {axis}")).collect();
        let stated = dimension.stated_by.map_or(String::new(), |name| format!("`{name}`"));
        let _ = writeln!(page, "| `{}` | {} | {stated} |", dimension.name, arrays.join(", "));
    }
    page.push_str(
        "\nAny dataset that is not in this table is carried through under its own name, its dimensions bound by length.\n\n\
         | variable | dimensions | unit | standard name | meaning | shape | notes |\n|---|---|---|---|---|---|---|\n",
    );
    for row in product.rows() {
        describe_row(page, row);
    }
}

fn describe_row(page: &mut String, row: &VariableSpec) {
    let layouts: Vec<String> = row.layouts.iter().map(|layout| format!("({})", layout.join(", "))).collect();
    let units = match row.units {
        Units::Fixed(units) => format!("`{units}`"),
        Units::Altitude(_) => "`km` or `m`, inferred from all altitudes in the granule".to_owned(),
        Units::None => "none".to_owned(),
        Units::Unstated => "`1`, not stated in the source".to_owned(),
        Units::DayOfYear => "days since December 31 of the year before".to_owned(),
        Units::ByMagnitude { statistic, threshold, above, otherwise } => {
            let statistic = match statistic {
                Statistic::Maximum => "maximum",
                Statistic::Median => "median",
            };
            format!("`{above}` if the {statistic} exceeds {threshold}, else `{otherwise}`")
        }
    };
    let mut notes: Vec<String> = Vec::new();
    if row.presence == Presence::Required {
        notes.push("required".to_owned());
    }
    match row.role {
        Role::Data => {}
        Role::VerticalCoordinate => notes.push("vertical coordinate".to_owned()),
        Role::Coordinate => notes.push("coordinate".to_owned()),
        Role::Text => notes.push("text, as strings or character codes".to_owned()),
        Role::Navigation(Midpoint::Arithmetic) => notes.push("means, if stored at record edges".to_owned()),
        Role::Navigation(Midpoint::Circular | Midpoint::Longitude) => {
            notes.push("circular means, if stored at record edges".to_owned());
        }
    }
    if !row.alternatives.is_empty() {
        notes.push(format!("also named {}", row.alternatives.join(", ")));
    }
    notes.extend(row.called.map(|name| format!("called `{name}`")));
    if row.is_packed {
        notes.push("packed".to_owned());
    }
    if row.is_dropped {
        notes.push("not in the product".to_owned());
    }
    if row.integer_sentinel {
        notes.push("integers at or below -900 are missing".to_owned());
    }
    notes.extend(row.comment.map(str::to_owned));
    let shape = match row.evidence {
        Evidence::Confirmed => "confirmed",
        Evidence::Inferred => "inferred",
    };
    let standard_name = row.standard_name.map_or(String::new(), |name| format!("`{name}`"));
    let _ = writeln!(
        page,
        "| `{}` | {} | {units} | {standard_name} | {} | {shape} | {} |",
        row.name,
        layouts.join(" or "),
        row.long_name,
        notes.join("; ")
    );
}
