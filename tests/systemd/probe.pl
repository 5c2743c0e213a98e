# Tries what a service has no need of. Prints a line for each: its name, and "allowed" or "refused".
# In perl, as each Debian has it.
use strict;
use warnings;
use Errno;
use POSIX;

# The numbers of the system calls, which perl does not know, by machine.
my %number = (
    x86_64 => {
        mmap => 9, socket => 41, ptrace => 101, personality => 135, setpriority => 141, sched_setscheduler => 144, chroot => 161,
        mount => 165, sethostname => 170, init_module => 175, clock_settime => 227, fchmodat => 268, unshare => 272,
    },
    aarch64 => {
        mount => 40, chroot => 51, fchmodat => 53, personality => 92, unshare => 97, init_module => 105, clock_settime => 112,
        ptrace => 117, sched_setscheduler => 119, setpriority => 140, sethostname => 161, socket => 198, mmap => 222,
    },
);
my $number = $number{(POSIX::uname())[4]} // die "which machine is this?";

sub said { print $_[0], $_[1] ? " allowed\n" : " refused\n" }

# Whether the kernel let the call in. Arguments that it then finds wrong do no harm.
sub call {
    my ($name, @call) = @_;
    $! = 0;
    my $result = syscall($number->{shift @call}, @call);
    said($name, $result != -1 || !($!{EPERM} || $!{EACCES} || $!{EAFNOSUPPORT}));
}

sub writes { my ($name, $path) = @_; said($name, open(my $file, '>', $path)) }
sub sees { my ($name, $path) = @_; said($name, -e $path) }

writes('its-own-folder', '/var/lib/lucid-auth/probe');
call('socket-unix', 'socket', 1, 1, 0);
call('socket-inet', 'socket', 2, 1, 0);
call('socket-inet6', 'socket', 10, 1, 0);

writes('ProtectSystem', '/var/tmp/../lib/probe');
writes('ProtectSystem-etc', '/etc/probe');
sees('ProtectHome', '/home/pi/secret');
sees('ProtectHome-root', '/root/secret');
sees('PrivateTmp', '/tmp/outside');
sees('PrivateTmp-var', '/var/tmp/outside');
sees('PrivateDevices', '/dev/outside');
sees('ProcSubset', '/proc/sys');
sees('ProtectProc', '/proc/1');
said('ProtectControlGroups', mkdir "/sys/fs/cgroup/probe-$$");
sees('ProtectKernelLogs', '/dev/kmsg');
writes('ProtectKernelTunables', '/proc/sys/net/ipv4/ip_forward');
said('UMask', do { open(my $file, '>', '/var/lib/lucid-auth/mask'); (stat '/var/lib/lucid-auth/mask')[2] & 077 });

call('MemoryDenyWriteExecute', 'mmap', 0, 4096, 7, 0x22, -1, 0);
call('RestrictAddressFamilies-netlink', 'socket', 16, 3, 0);
call('RestrictAddressFamilies-packet', 'socket', 17, 3, 0);
call('LockPersonality', 'personality', 8);
call('RestrictSUIDSGID', 'fchmodat', -100, '/var/lib/lucid-auth/probe', 04755);
call('RestrictRealtime', 'sched_setscheduler', 0, 1, pack('i', 1));
call('ProtectHostname', 'sethostname', 'probe', 5);
call('ProtectClock', 'clock_settime', 0, 0);
call('ProtectKernelModules', 'init_module', 0, 0, '');
call('SystemCallFilter-mount', 'mount', 0, 0, 0, 0, 0);
call('SystemCallFilter-debug', 'ptrace', 0, 0, 0, 0);
call('SystemCallFilter-resources', 'setpriority', 0, 0, 5);
call('SystemCallFilter-privileged', 'chroot', '/');
# The last: it would give up all privileges.
call('RestrictNamespaces', 'unshare', 0x10000000);
