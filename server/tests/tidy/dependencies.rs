//! What other people's code is in the tree: `deny.toml`, checked without a tool and without the network.
//!
//! Deliberately absent: advisories. They change without us, so `cargo xtask audit` asks for them where it can.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::{refuse, root, spdx};

/// The only crates that `core` may use: pure computation.
const CORE_MAY_USE: [&str; 2] = ["sha2", "smallvec"];

#[test]
fn every_licence_is_allowed_and_every_allowed_one_is_needed() {
    let allowed = &DENY.licenses.allow;
    let expression = |package: &Package| package.license.clone().unwrap_or_default();
    let mut offences: Vec<String> = TREE
        .iter()
        .filter(|package| !spdx::is_met(&expression(package), allowed))
        .map(|package| format!("{} {}: `{}`", package.name, package.version, expression(package)))
        .collect();
    let named: BTreeSet<String> = TREE.iter().flat_map(|p| spdx::licences(&expression(p))).collect();
    offences.extend(allowed.iter().filter(|l| !named.contains(*l)).map(|l| format!("{l}: no crate has it")));
    refuse(
        &offences,
        "choose another crate, or change [licenses] of deny.toml if the licence is as free as ours",
    );
}

#[test]
fn banned_crates_are_absent() {
    let offences: Vec<String> = DENY
        .bans
        .deny
        .iter()
        .filter_map(|ban| {
            let users = users_of(&ban.name);
            let unexcused: Vec<_> = users.iter().filter(|user| !ban.wrappers.contains(*user)).collect();
            let there = TREE.iter().any(|package| package.name == ban.name);
            (there && (!unexcused.is_empty() || users.is_empty()))
                .then(|| format!("{}, used by {unexcused:?}: {}", ban.name, ban.reason))
        })
        .collect();
    refuse(&offences, "switch off the feature that brings it, or do as the reason in deny.toml says");
}

#[test]
fn every_crate_comes_from_the_registry() {
    let offences: Vec<String> = TREE
        .iter()
        .filter_map(|package| Some((&package.name, package.source.as_ref()?)))
        .filter(|(_, source)| **source != REGISTRY)
        .map(|(name, source)| format!("{name} comes from {source}"))
        .collect();
    refuse(&offences, "only published crates: a branch in a repository can vanish, or change under us");
}

#[test]
fn no_crate_is_there_twice_but_the_listed_ones() {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in TREE.iter() {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let skipped = |name: &str, version: &str| DENY.bans.skip.iter().any(|skip| skip.covers(name, version));
    let mut offences = Vec::new();
    for (name, versions) in &versions {
        let counted: Vec<_> = versions.iter().filter(|version| !skipped(name, version)).collect();
        if counted.len() > 1 {
            offences.push(format!("{name}: {counted:?}"));
        }
    }
    for skip in &DENY.bans.skip {
        let needed = versions.iter().any(|(name, versions)| {
            versions.len() > 1 && versions.iter().any(|version| skip.covers(name, version))
        });
        if !needed {
            offences.push(format!("{}: the exception is not needed any more", skip.name));
        }
    }
    refuse(
        &offences,
        "bring them to one version, or add the old one to [bans] skip of deny.toml with a reason",
    );
}

#[test]
fn every_exception_has_a_reason() {
    let all = DENY.bans.deny.iter().chain(&DENY.bans.skip);
    let offences: Vec<String> =
        all.filter(|entry| entry.reason.is_empty()).map(|entry| entry.name.clone()).collect();
    refuse(&offences, "deny.toml: say why in `reason`");
}

#[test]
fn core_uses_nothing_that_does_io() {
    let core = TREE.iter().find(|package| package.name == "exeunt-core").expect("the rule is in the tree");
    let offences: Vec<String> = core
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind.is_none() && !CORE_MAY_USE.contains(&dependency.name.as_str()))
        .map(|dependency| dependency.name.clone())
        .collect();
    refuse(
        &offences,
        "core is pure, so that an edge can embed it: do it in the server and pass the value in",
    );
}

// === what is read

/// How cargo names the public registry.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

static DENY: LazyLock<Deny> = LazyLock::new(|| {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml is at the root");
    toml::from_str(&text).expect("deny.toml can be read")
});

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    let target = DENY.graph.targets.first().expect("deny.toml names a target");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", target])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo tells its metadata as JSON")
});

/// The packages that are built for the first target of deny.toml, our own among them.
static TREE: LazyLock<Vec<&Package>> = LazyLock::new(|| {
    let built: BTreeSet<&str> = METADATA.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
    METADATA.packages.iter().filter(|package| built.contains(package.id.as_str())).collect()
});

/// The names of the packages that use this one.
fn users_of(name: &str) -> BTreeSet<String> {
    let ids: Vec<&str> = TREE.iter().filter(|package| package.name == name).map(|p| p.id.as_str()).collect();
    let uses = |node: &Node| node.dependencies.iter().any(|id| ids.contains(&id.as_str()));
    let users: BTreeSet<&str> =
        METADATA.resolve.nodes.iter().filter(|node| uses(node)).map(|node| node.id.as_str()).collect();
    TREE.iter().filter(|package| users.contains(package.id.as_str())).map(|p| p.name.clone()).collect()
}

#[derive(Deserialize)]
struct Deny {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Entry>,
    skip: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

impl Entry {
    /// Whether `name@version` of an exception means this package: `syn@2` means every 2.x.
    fn covers(&self, name: &str, version: &str) -> bool {
        let (its_name, its_version) = self.name.split_once('@').unwrap_or((&self.name, ""));
        let rest = version.strip_prefix(its_version);
        its_name == name
            && rest.is_some_and(|rest| its_version.is_empty() || rest.is_empty() || rest.starts_with('.'))
    }
}
