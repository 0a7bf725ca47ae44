//! `cargo xtask bench`: builds what ships and measures it beside its peers on simulated shops.
//!
//! The measuring itself is in `bench/run.py`: the standard library of Python can ask the kernel what a child process
//! used, the one of Rust cannot.

use anyhow::{Context, Result, bail, ensure};

use crate::python::environment;
use crate::workshop::{Workshop, runs};

/// The peers and what the simulation needs. lifetimes 0.11.3 is from 2020 and the last release.
const PACKAGES: &[&str] =
    &["duckdb", "polars", "pyarrow", "numpy", "pandas<3", "scipy", "lifetimes==0.11.3"];

/// Installed only with `--pymc`, in an environment of its own, for it is large.
const PYMC_PACKAGES: &[&str] = &["pymc-marketing", "pyarrow"];

/// Builds the release binary, or takes `CLV_BIN`, and runs `bench/run.py` with the options given.
pub(crate) fn run(workshop: &Workshop, words: &[String]) -> Result<bool> {
    let mut options: Vec<String> = Vec::new();
    let mut has_pymc = false;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--quick" => options.push(word.clone()),
            "--pymc" => has_pymc = true,
            "--customers" => {
                let counts = rest
                    .next()
                    .context("--customers: no numbers, expected such as 10000,100000")?;
                options.extend([word.clone(), counts.clone()]);
            }
            "--repeats" => {
                let n = rest.next().context("--repeats: no number, expected such as 3")?;
                options.extend([word.clone(), n.clone()]);
            }
            other => bail!(
                "no option {other:?}, expected --customers N,N, --repeats N, --quick or --pymc"
            ),
        }
    }

    let python = environment(workshop, "peers", PACKAGES)?;
    if has_pymc {
        let pymc = environment(workshop, "pymc", PYMC_PACKAGES)?;
        options.extend(["--pymc".to_owned(), pymc.display().to_string()]);
    }
    let binary = match std::env::var_os("CLV_BIN") {
        Some(binary) => binary.into(),
        None => {
            let build = ["build", "--locked", "--release", "-p", "clv-cli"];
            ensure!(runs(&mut workshop.cargo(&build))?, "the release build failed, see above");
            workshop.target.join("release").join("clv")
        }
    };
    let build = ["build", "--locked", "--release", "-p", "clv-studies", "--example", "stages"];
    ensure!(runs(&mut workshop.cargo(&build))?, "the build of the stages failed, see above");
    let stages = workshop.target.join("release").join("examples").join("stages");
    let mut bench = workshop.command(&python);
    bench.arg("bench/run.py").arg("--clv").arg(binary).arg("--stages").arg(stages);
    bench.arg("--folder").arg(workshop.folder("bench")?).args(options);
    runs(&mut bench)
}
