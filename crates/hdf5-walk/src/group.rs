//! Follows links from the root group to all objects.

use std::collections::BTreeSet;

use super::attribute::{self, check_orders};
use super::bytes::count;
use super::dataset::{self, only, single};
use super::fault::Fault;
use super::message::{self, Link, kind};
use super::object::{self, Header};
use super::summary::{Group, Summary};
use super::walker::Walker;

/// Groups nested deeper than this are not followed.
const DEEPEST: u8 = 32;

/// Default limit of libhdf5 above which attributes are stored densely.
const DEFAULT_COMPACT_ATTRIBUTES: usize = 8;

/// Reads the object at an address and everything that it links to.
pub(super) fn read(
    walk: &mut Walker<'_>,
    address: u64,
    path: &str,
    depth: u8,
    summary: &mut Summary,
) -> Result<(), Fault> {
    if !walk.enter(address, "object") {
        return Ok(());
    }
    let header = object::read(walk, address)?;
    summary.objects = summary.objects.saturating_add(1);
    let stored = header.messages.iter().filter(|message| message.kind == kind::ATTRIBUTE).count();
    summary.attributes = summary.attributes.saturating_add(count(stored));
    summary.crowded_objects =
        summary.crowded_objects.saturating_add(u64::from(stored > DEFAULT_COMPACT_ATTRIBUTES));
    if header.messages.iter().any(|message| message.kind == kind::LINK_INFO) {
        return group(walk, &header, path, depth, summary);
    }
    let dataset = dataset::read(walk, &header, path)?;
    walk.faults.check(path != "/", address, || "root group is a dataset".to_owned());
    summary.datasets.push(dataset);
    Ok(())
}

fn group(
    walk: &mut Walker<'_>,
    header: &Header<'_>,
    path: &str,
    depth: u8,
    summary: &mut Summary,
) -> Result<(), Fault> {
    const KINDS: [u8; 5] =
        [kind::LINK_INFO, kind::GROUP_INFO, kind::LINK, kind::ATTRIBUTE, kind::ATTRIBUTE_INFO];
    only(header, &KINDS, "group", &mut walk.faults);
    let attributes = attribute::read_all(walk, header);
    let faults = &mut walk.faults;
    let messages = header.messages.iter().filter(|message| message.kind == kind::LINK);
    let mut links: Vec<Link> = Vec::new();
    for message in messages {
        let result = message::link(message, faults);
        links.extend(faults.catch(result));
    }
    let result = single(header, kind::LINK_INFO, "link info")
        .and_then(|message| message::link_info(message, count(links.len()), faults));
    let tracked = faults.catch(result).unwrap_or_default();
    let result = single(header, kind::GROUP_INFO, "group info")
        .and_then(|message| message::group_info(message, count(links.len()), faults));
    faults.catch(result);
    if header.messages.iter().any(|message| message.kind == kind::ATTRIBUTE_INFO) {
        let result = single(header, kind::ATTRIBUTE_INFO, "attribute info").map(drop);
        faults.catch(result);
    }
    check_links(walk, header, &links, tracked);
    summary.links = summary.links.saturating_add(count(links.len()));
    links.sort_by_key(|link| link.order);
    let names = links.iter().map(|link| link.name.clone()).collect();
    summary.groups.push(Group { path: path.to_owned(), address: header.address, links: names, attributes });
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Fault::new(header.address, "groups are nested too deep"));
    };
    for link in links {
        let path = format!("{}/{}", path.trim_end_matches('/'), link.name);
        let result = read(walk, link.target, &path, depth, summary);
        walk.faults.catch(result);
    }
    Ok(())
}

/// Checks that names are unique, and that links have a creation order exactly if link info states that it is tracked.
fn check_links(walk: &mut Walker<'_>, header: &Header<'_>, links: &[Link], tracked: bool) {
    let mut names = BTreeSet::new();
    for link in links {
        walk.faults.check(names.insert(&link.name), header.address, || {
            format!("group has two links \"{}\"", link.name)
        });
        walk.faults.check(link.order.is_some() == tracked, header.address, || {
            format!(
                "creation order of the link \"{}\" is {:?}; link info tracks it: {tracked}",
                link.name, link.order
            )
        });
    }
    let orders = links.iter().filter_map(|link| link.order).collect();
    check_orders(orders, header.address, "links", &mut walk.faults);
}

/// Reads everything from the root group on.
pub(super) fn read_root(walk: &mut Walker<'_>, address: u64, summary: &mut Summary) {
    let result = read(walk, address, "/", DEEPEST, summary);
    walk.faults.catch(result);
}
