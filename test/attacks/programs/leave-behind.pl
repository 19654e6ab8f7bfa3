# wants: ok|error; stdout starts with "started"
# Of a language that is started anew for every program: processes, files and a socket are left behind.
use strict;
use warnings;
use Socket;
$| = 1;
print "started\n";
for my $n (1 .. 5) {
    next if fork;
    setpgrp;
    $SIG{$_} = "IGNORE" for qw(TERM HUP INT);
    sleep 60;
    exit;
}
for my $place ("/workspace", "/tmp", "/dev/shm") {
    open my $file, ">", "$place/left" or next;
    print $file "x" x 100_000;
}
socket my $socket, AF_UNIX, SOCK_STREAM, 0;
bind $socket, pack_sockaddr_un("\0left");
umask 0;
chmod 0777, "/workspace";
