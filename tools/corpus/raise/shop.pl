# Raises errors through Perl's DBI: perl shop.pl FILE [--uncaught]. The file's form is that of shop.py.
use strict;
use warnings;
use utf8;
use JSON::PP;
use DBI;

my ($file, @rest) = @ARGV;
my $uncaught = grep { $_ eq '--uncaught' } @rest;
open my $in, '<:raw', $file or die $!;
my $job = decode_json(do { local $/; <$in> });
close $in;
my $driver = $job->{driver};
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
binmode STDOUT, ':raw';
$| = 1;

sub open_session {
    my ($where, $print) = @_;
    my $dsn;
    if ($driver eq 'SQLite') { $dsn = "dbi:SQLite:dbname=$where->{file}" }
    elsif ($driver eq 'Pg') { $dsn = "dbi:Pg:host=" . ($where->{socket} // $where->{host}) . ";port=$where->{port};dbname=" . ($where->{database} // '') }
    else {
        my $prefix = $driver eq 'mysql' ? 'mysql' : 'mariadb';
        $dsn = "dbi:$driver:database=" . ($where->{database} // '') . ($where->{socket} ? ";${prefix}_socket=$where->{socket}" : ";host=$where->{host};port=$where->{port}");
    }
    my %more = $driver eq 'mysql' ? (mysql_enable_utf8mb4 => 1) : $driver eq 'SQLite' ? (sqlite_unicode => 1) : ();
    my $dbh = DBI->connect($dsn, $where->{user}, $where->{password}, { RaiseError => 1, PrintError => $print // 0, AutoCommit => 1, ShowErrorStatement => $print // 0, PrintWarn => 0, %more });
    $dbh->sqlite_busy_timeout(50) if $driver eq 'SQLite';
    return $dbh;
}

sub save_order {
    my ($dbh, $sql) = @_;
    my $sth = $dbh->prepare($sql);
    $sth->execute;
    $sth->fetchall_arrayref if $sth->{NUM_OF_FIELDS};
}

sub play {
    my ($scenario) = @_;
    my $base = $scenario->{base} // $job->{base};
    my $admin = open_session($base);
    for my $sql (@{ $scenario->{setup} }) {
        next if eval { $admin->do($sql); 1 };
        print $json->encode({ id => $scenario->{id}, setup => "$sql: $@" }), "\n";
        last;
    }
    $admin->disconnect;
    my $main = open_session($scenario->{connect} // $base, $scenario->{style} % 6 == 2 ? 1 : 0);
    my $other;
    for my $step (@{ $scenario->{steps} }) {
        if ($step->{sleep}) { select undef, undef, undef, $step->{sleep} / 1000 }
        elsif ($step->{shell}) { system $step->{shell} }
        elsif (($step->{on} // '') eq 'b') { $other //= open_session($base); eval { save_order($other, $step->{sql}) } }
        elsif ($step->{ignore}) { eval { save_order($main, $step->{sql}) } }
        else { save_order($main, $step->{sql}) }
    }
}

for my $scenario (@{ $job->{scenarios} }) {
    if ($uncaught) { play($scenario); exit 0 }
    my $style = $scenario->{style} % 6;
    my $printed = '';
    local $SIG{__WARN__} = sub { $printed .= $_[0] };
    if (eval { play($scenario); 1 }) { print $json->encode({ id => $scenario->{id}, text => undef }), "\n"; next }
    my $error = $@;
    my ($code, $state) = ($DBI::err, $DBI::state);
    utf8::decode($error);
    chomp $error;
    my $said = $DBI::errstr // '';
    utf8::decode($said);
    my $text = $style == 1 ? $said : $style == 2 ? ($printed || $error) : $style == 3 ? "DB error " . ($code // '') . ": $said" : $style == 4 ? "[Fri May 31 17:08:20 2024] [error] [client 192.0.2.7] $error, referer: https://shop.example.com/cart" : $error;
    utf8::decode($text) unless utf8::is_utf8($text);
    print $json->encode({ id => $scenario->{id}, text => $text, code => (defined $code ? $code + 0 : undef), sqlstate => $state, symbol => undef, style => $style }), "\n";
}
