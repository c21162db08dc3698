//! What the tests of the engine share.
#![expect(
    unsafe_code,
    reason = "the launcher has to run before the test harness"
)]

/// Runs before the harness: the engine starts this very program as its launcher.
#[used]
// SAFETY: the section holds functions of this form, which the C library calls before `main`.
#[unsafe(link_section = ".init_array")]
static LAUNCHER: extern "C" fn() = {
    extern "C" fn launch() {
        ctnr_engine_native::launcher_main_if_asked();
    }
    launch
};
