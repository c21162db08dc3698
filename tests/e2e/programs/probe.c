/* What an attacker tries inside a sandbox, one attempt a run: prints `ok` where it is let through,
 * else `refused` and the reason. Linked statically, so that it runs in any image. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
/* A system call of the 32-bit interface, made from a 64-bit program. */
static long call32(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(0), "D"(0)
                     : "memory", "r8", "r9", "r10", "r11");
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}
#endif

static char buffer[4096];

#ifdef __x86_64__
/* A socket by the multiplexer of the 32-bit interface, with its arguments where that can reach. */
static long multiplexed(int family, int kind) {
    unsigned *arguments = mmap(0, 4096, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (arguments == MAP_FAILED) return -1;
    arguments[0] = family;
    arguments[1] = kind;
    return call32(102, 1, (long)arguments, 0);
}
#endif

static int in_child(int flags) {
    long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid((pid_t)pid, 0, 0);
    return pid < 0 ? -1 : 0;
}

static long attempt(const char *what) {
#define IS(name) (strcmp(what, name) == 0)
    if (IS("nothing")) return 0;
    if (IS("keyctl")) return syscall(SYS_keyctl, 0, -3, 1);
    if (IS("add_key")) return syscall(SYS_add_key, "user", "k", "v", 1, -3);
    if (IS("request_key")) return syscall(SYS_request_key, "user", "k", 0, -3);
    if (IS("bpf")) return syscall(SYS_bpf, 0, buffer, 48);
    if (IS("userfaultfd")) return syscall(SYS_userfaultfd, 1);
    if (IS("io_uring")) return syscall(SYS_io_uring_setup, 4, buffer);
    if (IS("perf")) return syscall(SYS_perf_event_open, buffer, 0, -1, -1, 0);
    if (IS("unshare-user")) return unshare(CLONE_NEWUSER);
    if (IS("unshare-mount")) return unshare(CLONE_NEWNS);
    if (IS("unshare-cgroup")) return unshare(CLONE_NEWCGROUP);
    if (IS("clone-user")) return in_child(CLONE_NEWUSER);
    if (IS("clone-mount")) return in_child(CLONE_NEWNS);
    if (IS("clone3")) {
        unsigned long long args[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0};
        long pid = syscall(SYS_clone3, args, sizeof args);
        if (pid == 0) _exit(0);
        return pid;
    }
    if (IS("setns")) return setns(open("/proc/1/ns/mnt", O_RDONLY), 0);
    if (IS("mount")) return mount("none", "/tmp", "tmpfs", 0, "");
    if (IS("bind")) return mount("/tmp", "/root", 0, MS_BIND, 0);
    if (IS("remount")) return mount(0, "/proc/sys", 0, MS_REMOUNT | MS_BIND, 0);
    if (IS("remount-sys")) return mount(0, "/sys", 0, MS_REMOUNT | MS_BIND, 0);
    if (IS("mount-proc")) return mount("proc", "/tmp", "proc", 0, 0);
    if (IS("mount-cgroup")) return mount("none", "/tmp", "cgroup", 0, "memory");
    if (IS("umount")) return umount2("/proc/sys", MNT_DETACH);
    if (IS("fsopen")) return syscall(SYS_fsopen, "tmpfs", 0);
    if (IS("open_tree")) return syscall(SYS_open_tree, AT_FDCWD, "/", 1);
    if (IS("pivot_root")) return syscall(SYS_pivot_root, "/tmp", "/tmp");
    if (IS("open_by_handle")) {
        struct file_handle *handle = (struct file_handle *)buffer;
        handle->handle_bytes = 8;
        return open_by_handle_at(open("/", O_RDONLY), handle, O_RDONLY);
    }
    if (IS("init_module")) return syscall(SYS_init_module, buffer, 1, "");
    if (IS("finit_module")) return syscall(SYS_finit_module, 0, "", 0);
    if (IS("kexec")) return syscall(SYS_kexec_load, 0, 0, 0, 0);
    if (IS("reboot")) return syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0);
    if (IS("swapon")) return syscall(SYS_swapon, "/tmp", 0);
    if (IS("acct")) return syscall(SYS_acct, "/tmp/acct");
    if (IS("sethostname")) return sethostname("x", 1);
    if (IS("clock")) {
        struct timespec now = {1, 0};
        return syscall(SYS_clock_settime, 0, &now);
    }
    if (IS("syslog")) return syscall(SYS_syslog, 3, buffer, sizeof buffer);
    if (IS("vsock")) return socket(40, SOCK_STREAM, 0);
    if (IS("alg")) return socket(38, SOCK_SEQPACKET, 0);
    if (IS("packet")) return socket(AF_PACKET, SOCK_RAW, 0);
    if (IS("inet")) return socket(AF_INET, SOCK_STREAM, 0);
    if (IS("inet6")) return socket(AF_INET6, SOCK_DGRAM, 0);
    if (IS("unix")) return socket(AF_UNIX, SOCK_STREAM, 0);
#ifdef __x86_64__
    if (IS("alg32")) return call32(359, 38, SOCK_SEQPACKET, 0);
    if (IS("vsock32")) return call32(359, 40, SOCK_STREAM, 0);
    if (IS("inet32")) return call32(359, AF_INET, SOCK_STREAM, 0);
    if (IS("alg-multiplexed")) return multiplexed(38, SOCK_SEQPACKET);
    if (IS("vsock-multiplexed")) return multiplexed(40, SOCK_STREAM);
    if (IS("inet-multiplexed")) return multiplexed(AF_INET, SOCK_STREAM);
    if (IS("unix-multiplexed")) return multiplexed(AF_UNIX, SOCK_STREAM);
    if (IS("listener")) {
        /* One that allows everything, and asks whoever holds the listener: a filter can have one. */
        struct sock_filter allow = {0x06, 0, 0, 0x7fff0000};
        struct sock_fprog program = {1, &allow};
        return syscall(SYS_seccomp, 1, 8, &program);
    }
    if (IS("keyctl32")) return call32(288, 0, -3, 1);
    if (IS("unshare32")) return call32(310, CLONE_NEWUSER, 0, 0);
    if (IS("bpf32")) return call32(357, 0, 0, 0);
#endif
    if (IS("engine-socket")) {
        /* By which engines of a host tell each other that they are there. */
        struct sockaddr_un name = {AF_UNIX, "\0ctnr-network/ctnr"};
        return connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&name, 2 + 1 + 17);
    }
    if (IS("ioctl-tiocsti")) {
        char letter = 'x';
        return syscall(SYS_ioctl, 0, 0x5412, &letter);
    }
    fprintf(stderr, "no such attempt: %s\n", what);
    exit(2);
}

/* Folders in folders, deeper than a path can name. */
static int nest(int depth) {
    for (int level = 0; level < depth; level++)
        if (mkdir("d", 0755) != 0 || chdir("d") != 0) {
            printf("refused %s at %d\n", strerror(errno), level);
            return 1;
        }
    printf("ok\n");
    return 0;
}

/* Empty files. */
static int litter(int count) {
    char name[32];
    for (int number = 0; number < count; number++) {
        snprintf(name, sizeof name, "%d", number);
        int file = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        if (file < 0) {
            printf("refused %s at %d\n", strerror(errno), number);
            return 1;
        }
        close(file);
    }
    printf("ok\n");
    return 0;
}

/* As many processes as there may be, all of which stay. */
static int breed(void) {
    int count = 0;
    for (; count < 100000; count++) {
        pid_t pid = fork();
        if (pid < 0) break;
        if (pid == 0) {
            pause();
            _exit(0);
        }
    }
    printf("%d\n", count);
    fflush(stdout);
    pause();
    return 0;
}

/* As much memory as there is. */
static int hog(void) {
    for (;;) {
        char *piece = malloc(1 << 20);
        if (piece) memset(piece, 1, 1 << 20);
    }
}

/* What an address says to who connects. */
static int hear(const char *address, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct timeval patience = {.tv_sec = 3};
    int six = inet_pton(AF_INET6, address, &to6.sin6_addr) == 1;
    int stream = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, address, &to.sin_addr);
    setsockopt(stream, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(stream, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(stream, six ? (void *)&to6 : (void *)&to, six ? sizeof to6 : sizeof to) != 0) {
        printf("refused %s\n", strerror(errno));
        return 1;
    }
    printf("connected\n");
    for (ssize_t length; (length = read(stream, buffer, sizeof buffer)) > 0;)
        fwrite(buffer, 1, (size_t)length, stdout);
    return 0;
}

/* Sends back what comes, with a word before it. */
static int echo(int port) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)}, peer;
    int mail = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(mail, (struct sockaddr *)&own, sizeof own) != 0) return 1;
    for (;;) {
        socklen_t size = sizeof peer;
        memcpy(buffer, "echo ", 5);
        ssize_t length = recvfrom(mail, buffer + 5, sizeof buffer - 5, 0, (void *)&peer, &size);
        if (length >= 0) sendto(mail, buffer, (size_t)length + 5, 0, (void *)&peer, size);
    }
}

int main(int count, char **words) {
    if (count < 2) return 2;
    if (strcmp(words[1], "nest") == 0) return nest(atoi(words[2]));
    if (strcmp(words[1], "litter") == 0) return litter(atoi(words[2]));
    if (strcmp(words[1], "breed") == 0) return breed();
    if (strcmp(words[1], "hog") == 0) return hog();
    if (strcmp(words[1], "hear") == 0) return hear(words[2], atoi(words[3]));
    if (strcmp(words[1], "echo") == 0) return echo(atoi(words[2]));
    for (int word = 1; word < count; word++) {
        errno = 0;
        long result = attempt(words[word]);
        printf("%s: %s%s\n", words[word], result >= 0 ? "ok" : "refused ",
               result >= 0 ? "" : strerror(errno));
    }
    return 0;
}
