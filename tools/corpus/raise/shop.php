<?php
// Raises errors through PHP's extensions: php shop.php FILE [--uncaught]. The file's form is that of shop.py.
declare(strict_types=1);
error_reporting(E_ALL);
ini_set('display_errors', 'stderr');
ini_set('html_errors', '0');
$job = json_decode(file_get_contents($argv[1]), true);
$uncaught = in_array('--uncaught', $argv, true);
$driver = $job['driver'];

interface Session { function execute(string $sql): void; function close(): void; }

final class PdoSession implements Session {
    private ?PDO $pdo;
    function __construct(array $where, string $driver) {
        if ($driver === 'pdo_sqlite') { $dsn = 'sqlite:' . $where['file']; }
        elseif ($driver === 'pdo_pgsql') { $dsn = 'pgsql:host=' . ($where['socket'] ?? $where['host']) . ";port={$where['port']};dbname=" . ($where['database'] ?? ''); }
        else { $dsn = 'mysql:' . (isset($where['socket']) ? "unix_socket={$where['socket']}" : "host={$where['host']};port={$where['port']}") . (($where['database'] ?? '') ? ";dbname={$where['database']}" : '') . ';charset=utf8mb4'; }
        $this->pdo = new PDO($dsn, $where['user'] ?? null, $where['password'] ?? null, [PDO::ATTR_TIMEOUT => 1]);
        if ($driver !== 'pdo_sqlite') $this->pdo->setAttribute(PDO::ATTR_EMULATE_PREPARES, true);
    }
    function execute(string $sql): void {
        $statement = $this->pdo->query($sql);
        do { if ($statement->columnCount()) $statement->fetchAll(); } while ($GLOBALS['driver'] === 'pdo_mysql' && $statement->nextRowset());
    }
    function close(): void { $this->pdo = null; }
}
final class MysqliSession implements Session {
    private mysqli $link;
    function __construct(array $where) {
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        $this->link = isset($where['socket'])
            ? new mysqli('localhost', $where['user'], $where['password'] ?? '', $where['database'] ?? '', null, $where['socket'])
            : new mysqli($where['host'], $where['user'], $where['password'] ?? '', $where['database'] ?? '', $where['port']);
        $this->link->set_charset('utf8mb4');
    }
    function execute(string $sql): void {
        $result = $this->link->query($sql);
        while ($this->link->more_results() && $this->link->next_result()) { $this->link->store_result(); }
    }
    function close(): void { $this->link->close(); }
}
final class PgSession implements Session {
    private $link;
    function __construct(array $where) {
        $text = 'host=' . ($where['socket'] ?? $where['host']) . " port={$where['port']} user={$where['user']} dbname=" . ($where['database'] ?? 'postgres') . (($where['password'] ?? '') ? " password={$where['password']}" : '');
        $this->link = pg_connect($text, PGSQL_CONNECT_FORCE_NEW);
    }
    function execute(string $sql): void { pg_query($this->link, $sql); }
    function close(): void { @pg_close($this->link); }
}
final class SqliteSession implements Session {
    private SQLite3 $db;
    function __construct(array $where) {
        $this->db = new SQLite3($where['file']);
        if (in_array('--exceptions', $GLOBALS['argv'], true) || true) $this->db->enableExceptions(true);
    }
    function execute(string $sql): void { $result = $this->db->query($sql); while ($result->numColumns() && $result->fetchArray()) { } }
    function close(): void { $this->db->close(); }
}

function connect(array $where): Session {
    global $driver;
    if ($driver === 'mysqli') return new MysqliSession($where);
    if ($driver === 'pgsql') return new PgSession($where);
    if ($driver === 'sqlite3') return new SqliteSession($where);
    return new PdoSession($where, $driver);
}

final class OrderRepository {
    function __construct(private Session $session) {}
    function save(string $sql): void { $this->session->execute($sql); }
}

function play(array $scenario): void {
    global $job, $uncaught;
    $base = $scenario['base'] ?? $job['base'];
    $admin = connect($base);
    foreach ($scenario['setup'] as $sql) {
        try { $admin->execute($sql); }
        catch (Throwable $error) { echo json_encode(['id' => $scenario['id'], 'setup' => "$sql: {$error->getMessage()}"]), "\n"; break; }
    }
    $admin->close();
    $sessions = [];
    try {
        $main = connect($scenario['connect'] ?? $base);
        $sessions[] = $main;
        $orders = new OrderRepository($main);
        $other = null;
        foreach ($scenario['steps'] as $step) {
            if (isset($step['sleep'])) { usleep($step['sleep'] * 1000); continue; }
            if (isset($step['shell'])) { exec($step['shell']); continue; }
            if (($step['on'] ?? '') === 'b') {
                if (!$other) { $other = connect($base); $sessions[] = $other; }
                try { $other->execute($step['sql']); } catch (Throwable) { }
                continue;
            }
            try { $orders->save($step['sql']); }
            catch (Throwable $error) { if (empty($step['ignore'])) throw $error; }
        }
    } finally {
        if (!$uncaught) foreach (array_reverse($sessions) as $session) { try { $session->close(); } catch (Throwable) { } }
    }
}

if (!$uncaught && in_array($driver, ['pgsql', 'pdo_sqlite', 'sqlite3', 'pdo_pgsql', 'mysqli', 'pdo_mysql'], true)) {
    set_error_handler(function (int $level, string $message, string $file, int $line): bool {
        throw new ErrorException($message, 0, $level, $file, $line);
    });
}

function shown(Throwable $error, int $style): string {
    switch ($style) {
        case 0: return 'PHP Fatal error:  Uncaught ' . $error . "\n  thrown in {$error->getFile()} on line {$error->getLine()}";
        case 1: return $error->getMessage();
        case 2: return date('[Y-m-d H:i:s]') . ' production.ERROR: ' . $error->getMessage() . ' {"exception":"[object] (' . get_class($error) . "(code: {$error->getCode()}): {$error->getMessage()} at {$error->getFile()}:{$error->getLine()})";
        case 3: return print_r($error instanceof PDOException ? $error->errorInfo ?? [$error->getCode(), $error->getMessage()] : ['code' => $error->getCode(), 'message' => $error->getMessage()], true);
        case 4: return 'Database error ' . $error->getCode() . ': ' . $error->getMessage();
        default: return (string) $error;
    }
}

foreach ($job['scenarios'] as $scenario) {
    if ($uncaught) { play($scenario); exit(0); }
    try {
        play($scenario);
        echo json_encode(['id' => $scenario['id'], 'text' => null]), "\n";
    } catch (Throwable $error) {
        $info = $error instanceof PDOException ? ($error->errorInfo ?? null) : null;
        $code = $info[1] ?? $error->getCode();
        $state = $info[0] ?? ($error instanceof mysqli_sql_exception ? $error->getSqlState() : null);
        $style = $scenario['style'] % 6;
        echo json_encode(['id' => $scenario['id'], 'text' => shown($error, $style), 'code' => $code, 'sqlstate' => $state, 'symbol' => null, 'style' => $style], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
    }
}
