<?php
// Opens what stands on each line of the standard input, as JSON, and prints what it is told there: as Laravel does by a URL
// or by separate values, or by libpq alone.
error_reporting(E_ALL & ~E_DEPRECATED);
require '/usr/share/php/Illuminate/Database/autoload.php';

use Illuminate\Database\Capsule\Manager;

// What config/database.php of a new application says.
const USUAL = [
    'pgsql' => ['driver' => 'pgsql', 'charset' => 'utf8', 'prefix' => '', 'search_path' => 'public', 'sslmode' => 'prefer'],
    'sqlite' => ['driver' => 'sqlite', 'prefix' => '', 'foreign_key_constraints' => true],
];

function answer(array $asked): string
{
    if ($asked['driver'] === 'libpq') {
        $connection = pg_connect($asked['text']);
        return pg_fetch_result(pg_query($connection, $asked['sql']), 0, 0);
    }
    $values = $asked['driver'] === 'url' ? ['url' => $asked['text']] : json_decode($asked['text'], true);
    $manager = new Manager();
    $manager->addConnection($values + USUAL[$values['driver'] ?? 'pgsql']);
    return (string) current((array) $manager->getConnection()->selectOne($asked['sql']));
}

set_error_handler(function (int $level, string $message) {
    if (error_reporting() & $level) {
        throw new ErrorException($message);
    }
    return true;
});
while (($line = fgets(STDIN)) !== false) {
    try {
        $told = ['said' => answer(json_decode($line, true))];
    } catch (Throwable $error) {
        $told = ['error' => $error->getMessage()];
    }
    echo json_encode($told), "\n";
}
