# Tries what a service has no need of. Prints a line for each: its name, and "allowed" or "refused".
# x86-64 only, for its numbers of system calls; perl, as each Debian has it.
use strict;
use warnings;
use Errno;

sub said { print $_[0], $_[1] ? " allowed\n" : " refused\n" }

# Whether the kernel let the call in. Arguments that it then finds wrong do no harm.
sub call {
    my ($name, @call) = @_;
    $! = 0;
    my $result = syscall(shift @call, @call);
    said($name, $result != -1 || !($!{EPERM} || $!{EACCES} || $!{EAFNOSUPPORT}));
}

sub writes { my ($name, $path) = @_; said($name, open(my $file, '>', $path)) }
sub sees { my ($name, $path) = @_; said($name, -e $path) }

writes('its-own-folder', '/var/lib/lucid-auth/probe');
call('socket-unix', 41, 1, 1, 0);
call('socket-inet', 41, 2, 1, 0);
call('socket-inet6', 41, 10, 1, 0);

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

call('MemoryDenyWriteExecute', 9, 0, 4096, 7, 0x22, -1, 0);
call('RestrictAddressFamilies-netlink', 41, 16, 3, 0);
call('RestrictAddressFamilies-packet', 41, 17, 3, 0);
call('LockPersonality', 135, 8);
call('RestrictSUIDSGID', 90, '/var/lib/lucid-auth/probe', 04755);
call('RestrictRealtime', 144, 0, 1, pack('i', 1));
call('ProtectHostname', 170, 'probe', 5);
call('ProtectClock', 227, 0, 0);
call('ProtectKernelModules', 175, 0, 0, '');
call('SystemCallFilter-mount', 165, 0, 0, 0, 0, 0);
call('SystemCallFilter-debug', 101, 0, 0, 0, 0);
call('SystemCallFilter-resources', 141, 0, 0, 5);
call('SystemCallFilter-privileged', 161, '/');
# The last: it would give up all privileges.
call('RestrictNamespaces', 272, 0x10000000);
