//! The display of a container.
//!
//! It is a program in the container like others, brought up for the first one that has windows:
//! a VNC server that is an X server. What it is made by is no part of the image, so containers of
//! older runtimes have it too.

use crate::layout::{DISPLAY, DISPLAY_SOCKET};

/// The size of the screen until a viewer asks for another.
const SIZE: &str = "1280x800";

/// How [`command`] exits where a program that was started without a display has windows: the
/// desktop of a session shows the windows of all its programs, or those of none.
pub const HAS_HIDDEN_WINDOWS: i32 = 75;

/// Waits for the end of a desktop that is on no display, takes away what a display of an earlier
/// run left (process ids begin anew in each, so its lock may name another process), and becomes
/// the server. A desktop ends a second after its last program.
const SCRIPT: &str = "
tries=0
while cat /proc/[0-9]*/comm 2>/dev/null | grep -qx explorer.exe; do
    [ \"$tries\" -lt 150 ] || exit 75
    tries=$((tries + 1))
    sleep 0.02
done
rm -rf /tmp/.X0-lock /tmp/.X11-unix
mkdir -m 1777 /tmp/.X11-unix
exec Xtigervnc \"$@\"
";

/// What is run as the runtime's user to bring a display up. It writes a line to its standard
/// output when programs can open windows, and runs on as the display.
#[must_use]
pub fn command() -> Vec<String> {
    let server = [
        DISPLAY,
        "-displayfd",
        "1",
        "-geometry",
        SIZE,
        "-depth",
        "24",
        // Its socket is the runtime's user's, and there is no other way to it.
        "-SecurityTypes",
        "None",
        "-rfbport",
        "-1",
        "-rfbunixpath",
        DISPLAY_SOCKET,
        "-rfbunixmode",
        "0600",
        "-nolisten",
        "tcp",
        "-nolisten",
        "local",
        // Several may look at once, and none of them throws another out.
        "-AlwaysShared",
        // It stays when its last window has closed.
        "-noreset",
    ];
    ["/bin/sh", "-c", SCRIPT, "ctnr-display"]
        .into_iter()
        .chain(server)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_says_what_is_expected_of_it() {
        let exit = format!("exit {HAS_HIDDEN_WINDOWS}");
        assert!(SCRIPT.contains(&exit), "{SCRIPT}");
        let lock = format!("/tmp/.X{}-lock", &DISPLAY[1..]);
        assert!(SCRIPT.contains(&lock), "{SCRIPT}");
        assert_eq!(command()[4], DISPLAY);
    }
}
