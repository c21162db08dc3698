//! Calls allowed with any argument, in groups of one purpose.
//!
//! Names are separated by white space. A name stands for the call on every architecture that has it. Permission stays with the kernel:
//! a call listed here still needs the capability and the file modes it always needs.

/// All groups.
pub(super) const ALLOWED: &[&str] = &[
    FILES,
    DIRECTORIES,
    METADATA,
    DESCRIPTORS,
    EVENTS,
    MEMORY,
    PROCESSES,
    TRACING,
    SIGNALS,
    IDENTITY,
    SCHEDULING,
    TIME,
    SOCKETS,
    SYSTEM_V,
    QUEUES,
    SELF_RESTRICTION,
    SYSTEM,
    MACHINE,
];

/// Reading and writing open files.
const FILES: &str = "
    _llseek arm_fadvise64_64 arm_sync_file_range close close_range copy_file_range creat
    fadvise64 fadvise64_64 fallocate fdatasync flock fsync ftruncate ftruncate64 io_cancel
    io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit lseek
    memfd_create memfd_secret open openat openat2 pread64 preadv preadv2 pwrite64 pwritev
    pwritev2 read readahead readv sendfile sendfile64 splice sync sync_file_range syncfs tee
    truncate truncate64 vmsplice write writev
";

/// Names and directories. `name_to_handle_at` only makes a handle; opening one is refused.
const DIRECTORIES: &str = "
    chdir chroot fchdir getcwd getdents getdents64 link linkat mkdir mkdirat mknod mknodat
    name_to_handle_at readlink readlinkat rename renameat renameat2 rmdir symlink symlinkat
    unlink unlinkat
";

/// Ownership, modes, times and attributes.
const METADATA: &str = "
    access chmod chown chown32 faccessat faccessat2 fchmod fchmodat fchmodat2 fchown
    fchown32 fchownat fgetxattr flistxattr fremovexattr fsetxattr fstat fstat64 fstatat
    fstatat64 fstatfs fstatfs64 futimesat getxattr getxattrat lchown lchown32 lgetxattr
    listxattr listxattrat llistxattr lremovexattr lsetxattr lstat lstat64 newfstatat
    removexattr removexattrat setxattr setxattrat stat stat64 statfs statfs64 statx umask
    utime utimensat utimensat_time64 utimes
";

/// Descriptors and pipes.
const DESCRIPTORS: &str = "dup dup2 dup3 fcntl fcntl64 pipe pipe2";

/// Waiting for events. `fanotify_mark` needs a group, and making one is refused.
const EVENTS: &str = "
    _newselect epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait
    eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1
    inotify_rm_watch poll ppoll ppoll_time64 pselect6 pselect6_time64 select
";

/// The caller's own memory.
const MEMORY: &str = "
    brk cachestat madvise map_shadow_stack membarrier mincore mlock mlock2 mlockall mmap
    mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free
    pkey_mprotect remap_file_pages
";

/// Processes and threads. `clone` and `unshare` are among the guarded calls.
const PROCESSES: &str = "
    execve execveat exit exit_group fork futex futex_requeue futex_time64 futex_wait
    futex_waitv futex_wake get_robust_list get_thread_area getpgid getpgrp getpid getppid
    getsid gettid pidfd_open process_mrelease restart_syscall rseq set_robust_list
    set_thread_area set_tid_address setpgid setsid vfork wait4 waitid waitpid
";

/// Debuggers (gdb, strace) and Wine's `ReadProcessMemory`. The sandbox's own user and PID
/// namespaces bound whom they reach; since Linux 4.8 the filter is checked again after a tracer
/// changed a call.
const TRACING: &str = "process_vm_readv process_vm_writev ptrace";

/// Signals.
const SIGNALS: &str = "
    alarm getitimer kill pause pidfd_send_signal rt_sigaction rt_sigpending rt_sigprocmask
    rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
    rt_tgsigqueueinfo setitimer sgetmask sigaction sigaltstack signal signalfd signalfd4
    sigpending sigprocmask sigreturn sigsuspend ssetmask tgkill tkill
";

/// User and group ids, and capabilities.
const IDENTITY: &str = "
    capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32
    getresgid getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid
    setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid
    setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32
";

/// Priorities, affinity and limits.
const SCHEDULING: &str = "
    getcpu getpriority getrlimit getrusage ioprio_get ioprio_set nice prlimit64
    sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr
    sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
    setpriority setrlimit ugetrlimit
";

/// Clocks and timers. The `adjtime` calls read without a capability and set only with one that no
/// user namespace gives.
const TIME: &str = "
    adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
    clock_gettime64 clock_nanosleep clock_nanosleep_time64 gettimeofday nanosleep time
    timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
    timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
    timerfd_settime64 times
";

/// Calls on a socket once it is made; making one is guarded.
const SOCKETS: &str = "
    accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom
    recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown
";

/// System V IPC, in the sandbox's own IPC namespace.
const SYSTEM_V: &str = "
    ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat
    shmctl shmdt shmget
";

/// POSIX message queues.
const QUEUES: &str = "
    mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
    mq_timedsend_time64 mq_unlink
";

/// What a program restricts itself with.
const SELF_RESTRICTION: &str =
    "landlock_add_rule landlock_create_ruleset landlock_restrict_self prctl seccomp";

/// Facts about the system.
const SYSTEM: &str = "getrandom sysinfo uname";

/// What a processor needs: thread pointers, segment descriptors (Wine, old 32-bit programs) and
/// cache maintenance. The probe calls come from a trampoline that the kernel put there when an
/// administrator of the host traces a file; to refuse them kills the traced program.
const MACHINE: &str =
    "arch_prctl breakpoint cacheflush get_tls modify_ldt set_tls uprobe uretprobe";
