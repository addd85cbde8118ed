//! Sorts the rows of a sounding by time, and merges rows of the same time.

/// The rows of a sounding in order of time, with the number of rows left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ordered {
    /// Times in seconds, strictly increasing.
    pub(super) times: Vec<f64>,
    /// For each time, the rows of the file with that time, in the file's order.
    rows: Vec<Vec<usize>>,
    /// Number of rows without a time, which are left out.
    pub(super) without_time: usize,
}

impl Ordered {
    /// Sorts rows by their time.
    #[must_use]
    pub(super) fn by(times: &[f64]) -> Self {
        let mut order: Vec<(f64, usize)> = times
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, time)| time.is_finite())
            .map(|(row, time)| (time, row))
            .collect();
        let without_time = times.len() - order.len();
        // A stable sort keeps rows of the same time in the file's order.
        order.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        let mut ordered = Self { without_time, ..Self::default() };
        for (time, row) in order {
            // -0.0 and 0.0 are the same time.
            #[expect(clippy::float_cmp, reason = "only the very same time is the same row")]
            let is_same = ordered.times.last().is_some_and(|&last| last == time);
            if let Some(rows) = ordered.rows.last_mut().filter(|_| is_same) {
                rows.push(row);
            } else {
                ordered.times.push(time);
                ordered.rows.push(vec![row]);
            }
        }
        ordered
    }

    /// Returns the number of rows that were merged into an earlier row of the same time.
    #[must_use]
    pub(super) fn merged(&self) -> usize {
        self.rows.iter().map(|rows| rows.len() - 1).sum()
    }

    /// Returns the values of a column in this order, the first value of each time, and the number of values that were
    /// dropped because they differ from the first of their time.
    #[must_use]
    pub(super) fn column(&self, values: &[f64]) -> (Vec<f64>, usize) {
        let mut conflicts = 0;
        let column = self
            .rows
            .iter()
            .map(|rows| {
                let mut present =
                    rows.iter().filter_map(|&row| values.get(row)).copied().filter(|value| !value.is_nan());
                let Some(first) = present.next() else { return f64::NAN };
                conflicts += present.filter(|value| value.to_bits() != first.to_bits()).count();
                first
            })
            .collect();
        (column, conflicts)
    }

    /// Returns texts in this order: for each time, the first that is not empty.
    #[must_use]
    pub(super) fn texts(&self, texts: &[String]) -> Vec<String> {
        self.rows
            .iter()
            .map(|rows| {
                let mut said = rows.iter().filter_map(|&row| texts.get(row)).filter(|text| !text.is_empty());
                said.next().cloned().unwrap_or_default()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_of_one_time_complement_each_other() {
        let ordered = Ordered::by(&[2.0, f64::NAN, 1.0, 2.0]);
        assert_eq!(
            (ordered.times.as_slice(), ordered.without_time, ordered.merged()),
            (&[1.0, 2.0][..], 1, 1)
        );
        let (column, conflicts) = ordered.column(&[f64::NAN, 7.0, 5.0, 6.0]);
        assert_eq!((column.as_slice(), conflicts), (&[5.0, 6.0][..], 0));
        let (column, conflicts) = ordered.column(&[4.0, 7.0, 5.0, 6.0]);
        assert_eq!((column.as_slice(), conflicts), (&[5.0, 4.0][..], 1));
    }

    proptest! {
        #[test]
        fn the_order_of_rows_makes_no_difference_and_no_value_is_lost(
            times in prop::collection::btree_set(-50_i32..5000, 1..60),
            turn in 0_usize..60,
        ) {
            let times: Vec<f64> = times.into_iter().map(f64::from).collect();
            let values: Vec<f64> = times.iter().map(|time| time * 2.0).collect();
            let turn = turn % times.len();
            let turned = |values: &[f64]| [&values[turn..], &values[..turn]].concat();
            let one = Ordered::by(&times);
            let other = Ordered::by(&turned(&times));
            prop_assert_eq!(&one.times, &other.times);
            prop_assert_eq!(one.column(&values), other.column(&turned(&values)));
            prop_assert_eq!(one.column(&values).0, values);
        }
    }
}
