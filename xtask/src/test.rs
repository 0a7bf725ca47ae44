//! `cargo xtask test`: installs what the tests need where it is missing, then runs them and sums up.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::tidy;
use crate::workshop::{Workshop, runs, succeeds};

/// Something the tests need that may be missing, and the Debian package that has it.
struct Need {
    what: &'static str,
    probe: &'static [&'static str],
    debian_package: &'static str,
    why: &'static str,
}

/// One line for each thing; all of it is there on a machine that builds Rust, as a rule.
const NEEDS: &[Need] = &[
    Need {
        what: "a C compiler",
        probe: &["cc", "--version"],
        debian_package: "build-essential",
        why: "the zstandard library is compiled from C, and rustc links through it",
    },
    Need {
        what: "git",
        probe: &["git", "--version"],
        debian_package: "git",
        why: "tidy asks it which files are tracked",
    },
];

const MATHS: &[&str] = &["-p", "clv-numerics", "-p", "clv-models", "-p", "clv-valuation"];
const ENGINES: &[&str] =
    &["-p", "clv-tables", "-p", "clv-importers", "-p", "clv-engine", "-p", "clv-studies"];
const ALL: &[&str] = &["--workspace"];

/// Runs the tests of a part of the project, or everything.
pub(crate) fn run(workshop: &Workshop, words: &[String]) -> Result<bool> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (packages, is_everything) = match words.as_slice() {
        [] | ["all"] => (ALL, true),
        ["maths"] => (MATHS, false),
        ["engines"] => (ENGINES, false),
        other => bail!("cannot test {other:?}, expected maths, engines or all"),
    };
    install(workshop)?;
    println!("building in {}", workshop.target.display());

    let mut summary = Summary::default();
    if is_everything {
        summary.step("format", || {
            component(workshop, "rustfmt")?;
            runs(&mut workshop.cargo(&["fmt", "--all", "--check"]))
        })?;
        summary.step("tidy", || tidy::run(workshop))?;
        summary.step("lints", || {
            component(workshop, "clippy")?;
            let clippy = ["clippy", "--locked", "--workspace", "--all-targets"];
            runs(workshop.cargo(&clippy).args(["--", "-D", "warnings"]))
        })?;
    }
    let has_nextest = succeeds(&mut workshop.cargo(&["nextest", "--version"]));
    summary.step("tests", || {
        // `--tests` leaves the examples of the documentation to the step after this one.
        let words: &[&str] = if has_nextest {
            &["nextest", "run", "--locked", "--no-tests=pass"]
        } else {
            &["test", "--locked", "--tests", "--no-fail-fast"]
        };
        // A snapshot that differs fails its test and leaves no file behind.
        runs(workshop.cargo(words).args(packages).env("INSTA_UPDATE", "no"))
    })?;
    summary.step("examples", || {
        runs(
            workshop
                .cargo(&["test", "--quiet", "--locked", "--doc", "--no-fail-fast"])
                .args(packages),
        )
    })?;
    Ok(summary.print())
}

/// Installs what is missing: with apt-get where this is root on Debian, else it says what to install.
fn install(workshop: &Workshop) -> Result<()> {
    let present = |need: &Need| succeeds(workshop.command(need.probe[0]).args(&need.probe[1..]));
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !present(need)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.debian_package).collect();
    let is_root =
        Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if is_root && succeeds(workshop.command("apt-get").arg("--version")) {
        println!("installing {}", packages.join(" "));
        let apt_get = |words: &[&str]| {
            let mut command = workshop.command("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive").args(words);
            command
        };
        runs(&mut apt_get(&["update", "-qq"]))?;
        if runs(apt_get(&["install", "-y", "-qq", "--no-install-recommends"]).args(&packages))? {
            return Ok(());
        }
    }
    let lines: Vec<String> =
        missing.iter().map(|need| format!("{} is missing: {}", need.what, need.why)).collect();
    bail!("{}\nhint: on Debian, as root: apt-get install {}", lines.join("\n"), packages.join(" "))
}

/// Asks rustup for a component where cargo does not have it yet.
fn component(workshop: &Workshop, name: &str) -> Result<()> {
    let subcommand = name.trim_start_matches("rust");
    if !succeeds(&mut workshop.cargo(&[subcommand, "--version"]))
        && !runs(workshop.command("rustup").args(["component", "add", name]))?
    {
        bail!("{name} is missing\nhint: rustup component add {name}");
    }
    Ok(())
}

/// What each step gave and how long it took.
#[derive(Default)]
struct Summary {
    lines: Vec<(String, bool, f64)>,
}

impl Summary {
    /// Runs one step; the ones after it run even where it failed, so that one run tells everything.
    fn step(&mut self, name: &str, work: impl FnOnce() -> Result<bool>) -> Result<()> {
        println!("\n== {name}");
        let start = Instant::now();
        let is_good = work()?;
        self.lines.push((name.to_owned(), is_good, start.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Prints a line for each step; whether all are good.
    fn print(&self) -> bool {
        println!();
        for (name, is_good, seconds) in &self.lines {
            println!("{:6} {name:10} {seconds:6.0} s", if *is_good { "passed" } else { "FAILED" });
        }
        self.lines.iter().all(|(_, is_good, _)| *is_good)
    }
}
