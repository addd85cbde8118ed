//! The part of a manifest that one process converts: shard I of N.
//!
//! Schedulers number the processes of an array in different ways. [`resolve`] knows those of AWS Batch, Slurm and
//! Kubernetes, and refuses what would be ambiguous instead of guessing: a wrong count leaves granules out or converts
//! them twice.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use cumulus_model::error::{Class, Failure, Stage};

/// Shard `index` of `count`, counted from 0. It has every line k of a manifest with k mod `count` = `index`, so that
/// large granules, which are often neighbours, are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Number of this shard, from 0.
    pub index: usize,
    /// Number of all shards.
    pub count: usize,
}

impl Shard {
    /// The whole manifest.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Returns true if this shard has the granule on this line, counted from 0.
    #[must_use]
    pub fn has(self, line: usize) -> bool {
        line % self.count == self.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers =
            text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err("I/N with I from 0 to N-1, such as 3/12".to_owned()),
        }
    }
}

/// How the shard of a process is known, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `--shard`.
    Option,
    /// `CUMULUS_SHARD_INDEX` and `CUMULUS_SHARD_COUNT`.
    OwnVariables,
    /// An array job of AWS Batch.
    Batch,
    /// An array job of Slurm.
    Slurm,
    /// An indexed job of Kubernetes.
    Kubernetes,
    /// Nothing names a shard.
    Whole,
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Option => "--shard",
            Self::OwnVariables => "CUMULUS_SHARD_INDEX and CUMULUS_SHARD_COUNT",
            Self::Batch => "the variables of AWS Batch",
            Self::Slurm => "the variables of Slurm",
            Self::Kubernetes => "the variables of Kubernetes",
            Self::Whole => "no shard is named",
        })
    }
}

/// Number of this shard, in our own variables.
const INDEX: &str = "CUMULUS_SHARD_INDEX";

/// Number of all shards, in our own variables; also where a scheduler does not state it.
const COUNT: &str = "CUMULUS_SHARD_COUNT";

/// Number of this shard and of all shards in an array job (AWS Batch User Guide, "Array jobs").
const BATCH: [&str; 2] = ["AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"];

/// Number of this shard in a job of completion mode Indexed (Kubernetes, "Jobs"); pods are not told how many there are.
const POD: &str = "JOB_COMPLETION_INDEX";

/// Returns the shard of this process and the rule by which it is known. `variable` reads the environment.
///
/// # Errors
/// A variable is no number, the count is missing or not certain, or the index is not below the count.
pub fn resolve(
    option: Option<Shard>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(Shard, Rule), Failure> {
    let number = |name: &str| -> Result<Option<usize>, Failure> {
        variable(name)
            .map(|text| text.parse().map_err(|_| refused(name, &text, "a whole number")))
            .transpose()
    };
    let shard = |name: &str, index: usize, count: usize, rule: Rule| {
        if index < count {
            Ok((Shard { index, count }, rule))
        } else {
            Err(refused(name, &index.to_string(), &format!("a number below {count}, the number of shards")))
        }
    };
    if let Some(option) = option {
        return Ok((option, Rule::Option));
    }
    let own_count = number(COUNT)?;
    if let Some(index) = number(INDEX)? {
        let count = own_count
            .ok_or_else(|| refused(COUNT, "nothing", &format!("a number, because {INDEX} is set")))?;
        return shard(INDEX, index, count, Rule::OwnVariables);
    }
    if let Some(index) = number(BATCH[0])? {
        let count = number(BATCH[1])?.or(own_count);
        let count =
            count.ok_or_else(|| refused(BATCH[1], "nothing", &format!("a number; or set {COUNT}")))?;
        return shard(BATCH[0], index, count, Rule::Batch);
    }
    if let Some(task) = number("SLURM_ARRAY_TASK_ID")? {
        let (index, count) = slurm(task, own_count, number)?;
        return shard("SLURM_ARRAY_TASK_ID", index, count, Rule::Slurm);
    }
    if let Some(index) = number(POD)? {
        let count = own_count.ok_or_else(|| {
            refused(
                COUNT,
                "nothing",
                "the number of completions of the job, which Kubernetes does not tell its pods",
            )
        })?;
        return shard(POD, index, count, Rule::Kubernetes);
    }
    match own_count {
        Some(count) if count > 1 => {
            Err(refused(INDEX, "nothing", &format!("a number, because {COUNT} is set")))
        }
        _ => Ok((Shard::WHOLE, Rule::Whole)),
    }
}

/// Index and count of a task of a Slurm array (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES").
///
/// `--array=2,5`, with which single shards are repaired, has a count of 2 and a step of 1, so that the index cannot be
/// computed; then only our own count tells N, and the task's number is the index.
fn slurm(
    task: usize,
    own_count: Option<usize>,
    number: impl Fn(&str) -> Result<Option<usize>, Failure>,
) -> Result<(usize, usize), Failure> {
    if let Some(count) = own_count {
        return Ok((task, count));
    }
    let [count, least, most, step] =
        ["COUNT", "MIN", "MAX", "STEP"].map(|name| number(&format!("SLURM_ARRAY_TASK_{name}")));
    let (count, least, most, step) = (count?, least?, most?, step?);
    let regular = || {
        let (count, least, most, step) = (count?, least?, most?, step.filter(|&step| step > 0)?);
        (most.checked_sub(least)? == count.checked_sub(1)? * step).then_some(())?;
        let offset = task.checked_sub(least)?;
        (offset % step == 0).then_some((offset / step, count))
    };
    regular().ok_or_else(|| {
        let told = |value: Option<usize>| value.map_or("nothing".to_owned(), |value| value.to_string());
        refused(
            "SLURM_ARRAY_TASK_COUNT",
            &format!(
                "an array of {} tasks from {} to {} in steps of {}",
                told(count),
                told(least),
                told(most),
                told(step)
            ),
            &format!("an array without gaps, or {COUNT}, the number of all shards"),
        )
    })
}

fn refused(name: &str, found: &str, expected: &str) -> Failure {
    Failure::new(Stage::Plan, name, "does not tell which shard this is")
        .class(Class::Usage)
        .found(found)
        .expected(expected)
        .hint("or use --shard I/N")
}

/// Returns shard numbers as an array expression that Slurm takes: `2,5,17-19`. The numbers must be in order.
#[must_use]
pub fn array_expression(shards: &[usize]) -> String {
    let runs = shards.chunk_by(|left, right| left + 1 == *right);
    let texts = runs.filter_map(|run| match run {
        [] => None,
        [one] => Some(one.to_string()),
        [first, .., last] => Some(format!("{first}-{last}")),
    });
    texts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(option: Option<&str>, variables: &[(&str, &str)]) -> Result<(String, Rule), String> {
        let option = option.map(|text| text.parse().unwrap());
        let read = |name: &str| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        };
        resolve(option, read)
            .map(|(shard, rule)| (shard.to_string(), rule))
            .map_err(|failure| failure.to_string())
    }

    fn slurm_of(array: [&'static str; 5]) -> [(&'static str, &'static str); 5] {
        let names = ["ID", "COUNT", "MIN", "MAX", "STEP"];
        let mut variables = [("", ""); 5];
        for (place, (name, value)) in variables.iter_mut().zip(names.into_iter().zip(array)) {
            *place = (
                match name {
                    "ID" => "SLURM_ARRAY_TASK_ID",
                    "COUNT" => "SLURM_ARRAY_TASK_COUNT",
                    "MIN" => "SLURM_ARRAY_TASK_MIN",
                    "MAX" => "SLURM_ARRAY_TASK_MAX",
                    _ => "SLURM_ARRAY_TASK_STEP",
                },
                value,
            );
        }
        variables
    }

    #[test]
    fn every_scheduler_is_understood() {
        let ok = |shard: &str, rule: Rule| Ok((shard.to_owned(), rule));
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "7"), ("AWS_BATCH_JOB_ARRAY_SIZE", "10")];
        assert_eq!(of(None, &[]), ok("0/1", Rule::Whole));
        assert_eq!(of(None, &[("CUMULUS_SHARD_COUNT", "1")]), ok("0/1", Rule::Whole));
        assert_eq!(of(Some("3/12"), &batch), ok("3/12", Rule::Option));
        assert_eq!(of(None, &batch), ok("7/10", Rule::Batch));
        let own = [("CUMULUS_SHARD_INDEX", "2"), ("CUMULUS_SHARD_COUNT", "4")];
        assert_eq!(of(None, &[batch.as_slice(), &own].concat()), ok("2/4", Rule::OwnVariables));
        assert_eq!(of(None, &slurm_of(["3", "6", "0", "5", "1"])), ok("3/6", Rule::Slurm));
        assert_eq!(of(None, &slurm_of(["4", "6", "1", "6", "1"])), ok("3/6", Rule::Slurm));
        assert_eq!(of(None, &slurm_of(["15", "4", "10", "25", "5"])), ok("1/4", Rule::Slurm));
        let repair = slurm_of(["5", "2", "2", "5", "1"]);
        let with_count = [repair.as_slice(), &[("CUMULUS_SHARD_COUNT", "12")]].concat();
        assert_eq!(of(None, &with_count), ok("5/12", Rule::Slurm));
        let pod = [("JOB_COMPLETION_INDEX", "9"), ("CUMULUS_SHARD_COUNT", "20")];
        assert_eq!(of(None, &pod), ok("9/20", Rule::Kubernetes));
    }

    #[test]
    fn what_is_not_certain_is_refused() {
        for (variables, told) in [
            (&slurm_of(["5", "2", "2", "5", "1"])[..], "an array of 2 tasks from 2 to 5 in steps of 1"),
            (&[("SLURM_ARRAY_TASK_ID", "5")], "an array of nothing tasks"),
            (&[("JOB_COMPLETION_INDEX", "0")], "Kubernetes does not tell"),
            (&[("CUMULUS_SHARD_INDEX", "0")], "CUMULUS_SHARD_COUNT"),
            (&[("CUMULUS_SHARD_COUNT", "4")], "CUMULUS_SHARD_INDEX"),
            (&[("CUMULUS_SHARD_INDEX", "4"), ("CUMULUS_SHARD_COUNT", "4")], "a number below 4"),
            (&[("AWS_BATCH_JOB_ARRAY_INDEX", "one")], "a whole number"),
            (&[("AWS_BATCH_JOB_ARRAY_INDEX", "1")], "AWS_BATCH_JOB_ARRAY_SIZE"),
        ] {
            let failure = of(None, variables).unwrap_err();
            assert!(failure.contains(told), "{failure}");
        }
        for text in ["", "3", "3/3", "a/b", "-1/2", "1/0"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn arrays_are_as_short_as_they_can_be() {
        assert_eq!(array_expression(&[2, 5, 17, 18, 19]), "2,5,17-19");
        assert_eq!(array_expression(&[]), "");
        assert_eq!(array_expression(&[0, 1]), "0-1");
    }

    proptest! {
        /// Every granule belongs to one shard, and shards differ by one granule at most.
        #[test]
        fn shards_share_a_manifest(lines in 0_usize..500, count in 1_usize..40) {
            let sizes: Vec<usize> = (0..count)
                .map(|index| (0..lines).filter(|&line| Shard { index, count }.has(line)).count())
                .collect();
            prop_assert_eq!(sizes.iter().sum::<usize>(), lines);
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        }
    }
}
