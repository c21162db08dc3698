//! Where what is inside the runtime. Everything here is part of the image's contract: a container
//! that was made with an older runtime finds its files at the same places in a newer one.

/// The image's name.
pub const IMAGE: &str = "wine:latest";

/// A further name, which later versions of Wine do not take: manifests ask for it.
pub const VERSIONED_IMAGE: &str = "wine:10";

/// The version of Wine.
pub const VERSION: &str = "10.0";

/// The prefix: the drive, and the registry in three files beside it.
pub const PREFIX: &str = "/wine";

/// `C:\`.
pub const DRIVE_C: &str = "/wine/drive_c";

/// The name of the computer that programs see. It is the same in all containers, since Wine writes
/// it into the registry: so a container that is started changes nothing by that, and a program
/// that is moved to another host finds itself on the same computer.
pub const HOSTNAME: &str = "container";

/// The user that everything runs as, and the owner of the prefix.
pub const USER: &str = "user";

/// The user's and the group's number.
pub const UID: u32 = 1000;

/// The user's home on the Linux side, which holds caches only.
pub const HOME: &str = "/home/user";

/// The user's profile, `C:\users\user`: where programs start.
pub const PROFILE: &str = "/wine/drive_c/users/user";

/// The first process of a container. It is the image's command.
pub const START: &str = "/usr/lib/ctnr/win32-start";

/// Waits until the session of the first process is ready for programs. Exits with 0 then.
pub const WAIT: &str = "/usr/lib/ctnr/win32-wait";

/// What starts a program, given by its path below `C:\` or by its name, and its arguments.
pub const LOADER: &str = "/usr/lib/wine/wine64";

/// The server that Wine's processes share.
pub const SERVER: &str = "/usr/lib/wine/wineserver64";

/// The display of a container's programs, as X names it. What connects where none was brought up
/// is refused at once.
pub const DISPLAY: &str = ":0";

/// The socket of the display's VNC server, which speaks RFB 3.8 (RFC 6143) to the runtime's user
/// and root. It goes with the container's run, as all of `/dev/shm`.
pub const DISPLAY_SOCKET: &str = "/dev/shm/ctnr-display";

/// The variable of the first process with the drives besides `C:`: `d=/wine/drive_d:e=/wine/drive_e`.
pub const DRIVES: &str = "CTNR_DRIVES";

/// The label with the digest of the recipe that an image was made from.
pub const RECIPE_LABEL: &str = "dev.ctnr.recipe";

/// The label that marks an image as a runtime for Win32 containers, with the version of Wine.
pub const RUNTIME_LABEL: &str = "dev.ctnr.runtime.wine";

/// The environment of every process.
///
/// `wine64` is the loader: Debian's `wine` starts the 32-bit one first, and a prefix that it makes
/// has no `Program Files` for 64-bit programs.
pub const ENVIRONMENT: [(&str, &str); 10] = [
    ("PATH", "/usr/lib/wine:/usr/bin:/usr/sbin"),
    ("HOME", HOME),
    ("USER", USER),
    ("LOGNAME", USER),
    ("LANG", "C.UTF-8"),
    ("WINEPREFIX", PREFIX),
    ("WINELOADER", LOADER),
    ("WINESERVER", SERVER),
    ("WINEDEBUG", "-all"),
    // Neither .NET nor a browser engine is there; nobody is asked whether to download them.
    ("WINEDLLOVERRIDES", "mscoree,mshtml="),
];
