//! Programs with windows, on the display of their container.

use ctnr_e2e::{Picture, Viewer, eventually};
use serde_json::json;

use crate::world::World;

const SOCKET: &str = "/dev/shm/ctnr-display";
const CONTROL: u32 = 0xffe3;

const NOTEPAD: &str = r#"
schema = 1
name = "notepad"
version = "10.0"
bitness = "x64"
runtime = "wine:latest"
[[entry]]
name = "notepad"
kind = "gui"
program = '%Windows%\notepad.exe'
"#;

impl World {
    /// A viewer of the one container that runs.
    #[track_caller]
    fn viewer(&self) -> Viewer {
        let (_, supervisor) = self.backend.supervisors().pop().unwrap();
        Viewer::of_supervisor(supervisor, SOCKET).unwrap()
    }
}

/// Waits until more of the screen than a tenth is not of its commonest colour, and there are some.
fn something_shown(viewer: &mut Viewer) -> Picture {
    eventually("windows on the screen", || {
        let picture = viewer.look().unwrap();
        let colours = picture.colours();
        let others = colours.iter().skip(1).sum::<usize>();
        if colours.len() > 8 && others > picture.pixels.len() / 4 / 10 {
            Ok(picture)
        } else {
            Err(format!("{} pixels of {} colours", others, colours.len()))
        }
    })
}

#[test]
fn a_gui_program_is_shown_and_takes_what_is_typed() {
    let world = World::start();
    world.create(&json!({ "manifest": NOTEPAD }));
    world.cmd("notepad", r"echo.> C:\note.txt");
    let request = json!({ "args": [r"C:\note.txt"], "detach": true });
    world.ask("notepad", "run", &request).expect(201);
    let mut viewer = world.viewer();
    let empty = something_shown(&mut viewer);
    assert_eq!((empty.width, empty.height), (1280, 800));

    // It has the keyboard some moments after its window is there.
    eventually("what was typed in the file", || {
        for letter in "hola".bytes() {
            viewer.press(&[letter.into()]).unwrap();
        }
        viewer.press(&[CONTROL, b's'.into()]).unwrap();
        let text = world.cmd("notepad", r"type C:\note.txt");
        if text.contains("hola") {
            Ok(())
        } else {
            Err(text)
        }
    });

    // A second program is on the same display, and a second viewer throws nobody out.
    let request = json!({ "cmd": ["regedit"], "detach": true, "display": true });
    let before = viewer.look().unwrap();
    world.ask("notepad", "exec", &request).expect(201);
    let mut second = world.viewer();
    eventually("a second window", || {
        let picture = second.look().unwrap();
        let both = picture.colours().len() > before.colours().len();
        if both {
            Ok(())
        } else {
            Err(format!("{} colours", picture.colours().len()))
        }
    });
    viewer.look().unwrap();

    // It goes with the container's run, and comes with the next.
    world.ask("notepad", "stop", &json!({})).expect(200);
    assert!(viewer.look().is_err());
    let request = json!({ "args": [r"C:\note.txt"], "detach": true });
    world.ask("notepad", "run", &request).expect(201);
    something_shown(&mut world.viewer());
    world.end();
}

#[test]
fn windows_that_are_nowhere_keep_others_from_being_shown_until_they_are_gone() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    let hidden = json!({ "cmd": ["notepad"], "detach": true });
    world.ask("app", "exec", &hidden).expect(201);
    eventually("its desktop", || {
        let list = world.cmd("app", "tasklist");
        if list.contains("explorer.exe") {
            Ok(())
        } else {
            Err(list)
        }
    });
    let shown = json!({ "cmd": ["notepad"], "detach": true, "display": true });
    let refused = world.ask("app", "exec", &shown);
    let message = refused.expect_error(409, "CONFLICT");
    assert!(message.contains("stop the container"), "{message}");
    world.cmd("app", "taskkill /f /im notepad.exe");
    world.ask("app", "exec", &shown).expect(201);
    something_shown(&mut world.viewer());
    world.end();
}
