//! Calls refused with `EPERM`, and calls that answer `ENOSYS` as if the kernel had none.
//!
//! Most of the refused need a capability of the host's own user namespace anyway; refusing them
//! here keeps their code out of reach when that check is wrong.

/// Refused with `EPERM`.
pub(super) const REFUSED: &[&str] = &[
    MOUNTS,
    NAMESPACES,
    KEYS,
    KERNEL,
    LARGE_SURFACE,
    HANDLES,
    OTHER_PROCESSES,
    NUMA,
    CLOCKS,
    DEVICES,
    HOST_NAMES,
    ACCOUNTING,
];

/// Answered with `ENOSYS`.
pub(super) const ABSENT: &[&str] = &[FALL_BACK, NEVER_IMPLEMENTED];

/// The mount family: the masks and read-only mounts of the sandbox stand on it (CVE-2022-0185).
const MOUNTS: &str = "
    fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree open_tree_attr
    pivot_root umount umount2
";

/// Entering other namespaces; making them is guarded in `clone` and `unshare`.
const NAMESPACES: &str = "setns";

/// The kernel's keyrings are shared beyond a sandbox, and a long row of holes.
const KEYS: &str = "add_key keyctl request_key";

/// Code and state of the kernel itself.
const KERNEL: &str = "
    delete_module finit_module init_module kexec_file_load kexec_load reboot swapoff swapon
    syslog
";

/// Large and much attacked interfaces that few programs need, each with a way without it.
/// io_uring also does its work past this very filter.
const LARGE_SURFACE: &str =
    "bpf io_uring_enter io_uring_register io_uring_setup perf_event_open userfaultfd";

/// Ways to a file past its path: a handle reaches outside of the root (the "shocker" attack).
const HANDLES: &str = "fanotify_init open_by_handle_at";

/// Reaching into other processes beyond what `ptrace` needs.
const OTHER_PROCESSES: &str = "kcmp pidfd_getfd process_madvise";

/// Moving memory between the nodes of a shared machine.
const NUMA: &str =
    "get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node";

/// Setting the machine's clock.
const CLOCKS: &str = "clock_settime clock_settime64 settimeofday stime";

/// Ports, buses, real mode, terminals.
const DEVICES: &str =
    "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write vhangup vm86 vm86old";

/// The names that the sandbox was given.
const HOST_NAMES: &str = "setdomainname sethostname";

/// Accounting, quotas, profiling, and lists of the host's file systems.
const ACCOUNTING: &str = "acct lookup_dcookie quotactl quotactl_fd sysfs ustat";

/// Callers take another way at `ENOSYS`: `clone3` hides its flags behind a pointer, and glibc then
/// uses `clone`; the mount lists are in `/proc/self/mountinfo`; file attributes are an `ioctl`;
/// labels are in `/proc/self/attr`.
const FALL_BACK: &str = "
    clone3 file_getattr file_setattr listmount lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr statmount
";

/// Numbers that Linux never filled or has emptied, and calls of libraries older than glibc.
const NEVER_IMPLEMENTED: &str = "
    _sysctl afs_syscall bdflush break create_module epoll_ctl_old epoll_wait_old ftime
    get_kernel_syms getpmsg gtty idle lock mpx nfsservctl oldfstat oldlstat oldolduname
    oldstat olduname prof profil putpmsg query_module readdir security stty tuxcall ulimit
    uselib vserver
";
