# Run a command for whoever connects: how many parts it has, each of them, and its input, a line of hex each. The answer
# is what it printed, and its exit status in a line of its own.
use strict;
use warnings;

sub line { my $line = <STDIN> // exit 1; chomp $line; return $line }
my $count   = line();
my @command = map { pack 'H*', line() } 1 .. $count;
open my $input, '+>', undef or die "no file for its input: $!";
print {$input} pack 'H*', line();
seek $input, 0, 0;
$| = 1;
my $child = open(my $output, '-|') // die "no process: $!";
if (!$child) {
    open STDIN,  '<&', $input   or die;
    open STDERR, '>&', \*STDOUT or die;
    exec { $command[0] } @command or exit 127;
}
while (read $output, my $some, 65536) { print $some }
close $output;
print "\n", $? & 127 ? 128 + ($? & 127) : $? >> 8;
