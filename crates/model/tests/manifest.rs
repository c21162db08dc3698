//! Manifests from their text, good and bad.

use ctnr_model::container::{Isolation, KnownFolder, Manifest, ManifestError, PathTemplate};
use proptest::prelude::*;

const SEVEN_ZIP: &str = include_str!("manifests/7-zip.toml");
const NOTEPAD: &str = include_str!("manifests/notepad.toml");
const FULL: &str = include_str!("manifests/full.toml");

/// The least manifest, with `more` behind it.
fn with(more: &str) -> String {
    let head =
        "schema = 1\nname = \"app\"\nversion = \"1\"\nbitness = \"x64\"\nruntime = \"wine:10\"\n";
    format!("{head}{more}")
}

fn problems(text: &str) -> Vec<String> {
    match Manifest::parse(text) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_examples_are_read_and_written_back_to_the_same() {
    for text in [SEVEN_ZIP, NOTEPAD, FULL, &with("")] {
        let manifest = Manifest::parse(text).unwrap();
        let written = manifest.to_toml().unwrap();
        let again = Manifest::parse(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(again, manifest);
        assert_eq!(again.to_toml().unwrap(), written);
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let manifest = Manifest::parse(&with(
        "[[entry]]\nname = \"app\"\nprogram = '%ProgramFiles%\\app.exe'\n",
    ))
    .unwrap();
    assert_eq!(manifest.default_entry().unwrap().name.as_str(), "app");
    assert_eq!(manifest.isolation.default, Isolation::Full);
    assert_eq!(manifest.state_schema, 1);
    assert_eq!(manifest.limits.limits(), ctnr_model::Limits::default());
}

#[test]
fn layers_lie_over_what_they_need() {
    let manifest = Manifest::parse(FULL).unwrap();
    let names: Vec<&str> = manifest
        .stacked_layers()
        .iter()
        .map(|layer| layer.name.as_str())
        .collect();
    assert_eq!(names, ["vcredist", "fonts", "app"]);
}

/// What is behind the least manifest (5 lines), and what is said about it.
#[test]
fn each_problem_names_its_line_its_column_and_its_field() {
    let entry = "[[entry]]\nname = \"a\"\nprogram = 'C:\\a.exe'\n";
    let table = [
        (
            "colour = 1\n",
            "line 6, column 1: colour: unknown key; expected schema, name,",
        ),
        (
            "state_schema = \"2\"",
            "line 6, column 16: state_schema: expected a whole number",
        ),
        (
            "state_schema = -1",
            "line 6, column 16: state_schema: expected a whole number",
        ),
        ("name = \"b\"", "line 6, column 1: duplicate key"),
        ("x = [", "line 6,"),
        (
            "[[entry]]\nname = \"a\"\nprogam = 'C:\\a.exe'\n",
            "line 6, column 1: entry[0].program: it is missing",
        ),
        (
            "[[entry]]\nname = \"a\"\nprogram = 'a.exe'\n",
            "line 8, column 11: entry[0].program: invalid Win32 path \"a.exe\"",
        ),
        (
            "[[entry]]\nname = \"a\"\nprogram = '%Progs%\\a.exe'\n",
            "%ProgramFiles%",
        ),
        (
            "[[entry]]\nname = \"a\"\nprogram = 'C:\\Users\\ana\\a.exe'\n",
            "%UserProfile%",
        ),
        (
            "entry = 3\n",
            "line 6, column 9: entry: expected an array, found integer",
        ),
        (
            "entry = [3]\n",
            "line 6, column 10: entry[0]: expected a table, found integer",
        ),
        (
            &format!("{entry}kind = \"window\"\n"),
            "line 9, column 8: entry[0].kind: invalid entry kind \"window\": expected console or gui",
        ),
        (
            &format!("{entry}args = [\"x\", 3]\n"),
            "line 9, column 14: entry[0].args[1]: expected a string",
        ),
        (
            &format!("{entry}args = ['%NOWHERE%']\n"),
            "line 9, column 9: entry[0].args[0]: %NOWHERE% is no variable",
        ),
        (
            &format!("{entry}{entry}"),
            "line 10, column 8: entry[1].name: it is the same as entry[0].name",
        ),
        (
            &format!("{entry}default = false\n"),
            "entry: one entry has to be the default",
        ),
        (
            &format!(
                "{entry}default = true\n[[entry]]\nname = \"b\"\nprogram = 'C:\\b.exe'\ndefault = true"
            ),
            "line 13, column 11: entry[1].default: a is the default entry already",
        ),
        (
            "[[file_type]]\nextension = \".x\"\nentry = \"b\"",
            "file_type[0].entry: there is no entry b",
        ),
        (
            "[[file_type]]\nextension = \"x\"\nentry = \"b\"",
            "file_type[0].extension: invalid extension",
        ),
        (
            "[[layer]]\nname = \"a\"\nneeds = [\"b\"]",
            "line 8, column 10: layer[0].needs[0]: there is no layer b",
        ),
        (
            "[[layer]]\nname = \"a\"\nneeds = [\"a\"]",
            "layer[0].needs: these layers need each other in a circle: a -> a",
        ),
        (
            "[[layer]]\nname = \"a\"\nneeds = [\"b\"]\n[[layer]]\nname = \"b\"\nneeds = [\"a\"]",
            "line 8, column 9: layer[0].needs: these layers need each other in a circle: a -> b -> a",
        ),
        (
            "[environment]\nA = \"%B%\"\nB = \"%A%\"",
            "line 7, column 5: environment.A: these variables refer to each other in a circle: A -> B -> A",
        ),
        (
            "[environment]\nA = \"1\"\na = \"2\"",
            "environment.a: A is the same variable",
        ),
        (
            "[environment]\nLD_PRELOAD = \"x\"",
            "line 7, column 1: environment.LD_PRELOAD: invalid environment variable",
        ),
        (
            "[environment]\nA = \"50%\"",
            "environment.A: invalid text \"50%\": a % has no second one",
        ),
        (
            "[isolation]\ndefault = \"none\"",
            "isolation.default: invalid isolation \"none\": expected full, write-copy or merged",
        ),
        (
            "[isolation]\npath = [{ path = '%Documents%\\A', mode = \"full\" }, { path = '%documents%\\a', mode = \"merged\" }]",
            "isolation.path[1].path: it is the same as isolation.path[0].path",
        ),
        (
            "[isolation]\nkey = [{ key = 'HKLM\\Software\\A', mode = \"full\" }, { key = 'hklm\\software\\a', view = \"32\", mode = \"merged\" }]",
            "isolation.key[1].key: it is the same as isolation.key[0].key",
        ),
        (
            "[isolation]\nkey = [{ key = 'HKCU\\A', view = \"32\", mode = \"full\" }]",
            "isolation.key[0].view: only keys below HKLM\\Software",
        ),
        (
            "host = [{ source = '%Documents%', path = '%Documents%', access = \"merged\" }]\n[isolation]\npath = [{ path = '%Documents%', mode = \"full\" }]",
            "isolation.path[0].path: it is the same as host[0].path",
        ),
        (
            "[[host]]\nsource = \"../etc\"\npath = 'D:\\x'\naccess = \"merged\"",
            "host[0].source: invalid folder of the host",
        ),
        (
            "[[host]]\nsource = \"/srv\"\npath = 'D:\\x'\naccess = \"full\"",
            "expected read-only, write-copy or merged",
        ),
        ("[network]\npolicy = \"open\"", "expected egress or none"),
        (
            "[limits]\nmemory = \"1k\"",
            "limits.memory: invalid memory limit \"1k\": expected at least 6 MiB",
        ),
        ("[limits]\ncpus = 0", "limits.cpus: invalid cpus"),
        ("[limits]\npids = 0", "limits.pids: invalid pids limit"),
    ];
    for (more, said) in table {
        let found = problems(&with(more));
        let all = found.join("\n");
        assert!(
            found.iter().any(|problem| problem.contains(said)),
            "{more}\n--- expected\n{said}\n--- found\n{all}"
        );
    }
}

#[test]
fn all_problems_are_told_of_at_once_in_their_order() {
    let text = "schema = 1\nname = \"x\"\nbitness = \"x32\"\nruntime = \"Wine!\"\ncolour = 1\n[limits]\npids = 0\n";
    let found = problems(text);
    let fields = [
        "version",
        "name",
        "bitness",
        "runtime",
        "colour",
        "limits.pids",
    ];
    assert_eq!(found.len(), fields.len(), "{found:#?}");
    for (problem, field) in found.iter().zip(fields) {
        assert!(
            problem.contains(&format!(": {field}: ")),
            "{field}: {found:#?}"
        );
    }
}

#[test]
fn a_later_form_is_refused_before_anything_else_is_looked_at() {
    let found = problems("schema = 2\nwhatever = true\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("version 1, not 2"), "{found:?}");
    assert!(problems("name = \"x\"")[0].contains("schema: it is missing"));
}

#[test]
fn too_many_of_anything_are_refused_soon() {
    let many =
        |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let redirects = |count| {
        let rules = many(count, &|n| format!("{{path='C:\\{n}',mode='full'}},"));
        with(&format!("[isolation]\npath=[{rules}]"))
    };
    for (text, said) in [
        (redirects(100_000), "expected at most 1048576"),
        (
            redirects(30_000),
            "isolation.path: it has 30000 values; expected at most 4096",
        ),
        (
            with(&many(65, &|n| format!("[[layer]]\nname='l{n}'\n"))),
            "layer: it has 65 values",
        ),
        (
            with(&many(257, &|n| {
                format!("[[entry]]\nname='e{n}'\nprogram='C:\\a'\n")
            })),
            "entry: it has 257",
        ),
        (
            with(&format!(
                "[environment]\n{}",
                many(257, &|n| format!("V{n}=''\n"))
            )),
            "it has 257 variables",
        ),
        (
            with(&format!("description = '{}'", "x".repeat(4097))),
            "at most 4096 bytes",
        ),
        (
            with(&format!("a = {}{}", "[".repeat(5_000), "]".repeat(5_000))),
            "line 6",
        ),
        (
            with(&many(5_000, &|n| format!("k{n} = 1\n"))),
            "k0: unknown key",
        ),
    ] {
        let found = problems(&text);
        assert!(found.len() <= ManifestError::MAX_PROBLEMS);
        assert!(
            found.iter().any(|problem| problem.contains(said)),
            "{said}: {:?}",
            found.first()
        );
    }
    // The most that is read: every rule is looked at, and compared with all others.
    assert!(Manifest::parse(&redirects(4096)).is_ok());
}

proptest! {
    /// Whatever the text is, the answer is a manifest or an error with problems.
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        if let Err(error) = Manifest::parse(&text) {
            prop_assert!(!error.problems().is_empty());
        }
    }

    /// A manifest with a part taken out or put in is read, or refused with a place in it.
    #[test]
    fn a_damaged_manifest_is_refused_with_a_place(start in 0..FULL.len(), length in 0..40_usize, put in "[\\PC\\n]{0,8}") {
        let is_edge = |at: &usize| FULL.is_char_boundary(*at);
        let start = (0..=start).rev().find(is_edge).unwrap_or(0);
        let end = (start + length..=FULL.len()).find(is_edge).unwrap_or(FULL.len());
        let text = format!("{}{put}{}", &FULL[..start], &FULL[end..]);
        match Manifest::parse(&text) {
            Ok(manifest) => {
                let written = manifest.to_toml().map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(Manifest::parse(&written), Ok(manifest));
            }
            Err(error) => {
                prop_assert!(!error.problems().is_empty());
                let lines = text.lines().count() + 1;
                for problem in error.problems() {
                    let position = problem.position;
                    prop_assert!(position.is_some_and(|at| at.line <= lines), "{}", problem);
                }
            }
        }
    }

    /// Paths of a manifest stay below where they begin.
    #[test]
    fn a_path_stays_below_its_folder(rest in "[a-zA-Z0-9~:/\\\\. %ñ*?]{0,40}") {
        if let Ok(path) = PathTemplate::parse(&format!("%Documents%\\{rest}")) {
            prop_assert_eq!(path.folder(), Some(KnownFolder::Documents));
            let place = |folder: KnownFolder| folder.in_container(Default::default(), "u");
            let resolved = path.resolve(place).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let documents = place(KnownFolder::Documents).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(resolved.is_below(&documents), "{}", resolved);
            prop_assert_eq!(PathTemplate::parse(&path.to_string()), Ok(path));
        }
    }
}
