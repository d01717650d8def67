"""Programs that shell steps find: clients with their numbers, those of other servers, and Java with its drivers."""

import pytest
from tests.lab.made import entry, outcomes, play, simple, step

from errbook.lab import outcome

PING = """
cat > Ping.java <<'EOF'
import java.sql.DriverManager;

public class Ping {
    public static void main(String[] arguments) throws Exception {
        try (var db = DriverManager.getConnection(arguments[0], System.getenv("MYSQL_USER"), "")) {
            if (!db.isValid(5)) System.exit(1);
        }
        new com.zaxxer.hikari.HikariConfig().setMaximumPoolSize(2);
    }
}
EOF
java Ping.java "jdbc:mysql://$MYSQL_HOST:$MYSQL_TCP_PORT/demo" && keytool -version
"""


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:10.11"])
def test_the_number_that_a_client_prints_last_is_that_of_the_step(server: str) -> None:
    engine = server.partition(":")[0]
    text = "mysql --force -u nobody -e 'SELECT 1' || echo Bye; mysql -u root demo -e 'SELECT 1; SELECT * FROM nowhere'"
    found = play(
        entry(engine, "1146", step("shell", text, raises=True), name="-right"),
        entry(engine, "1045", step("shell", text, raises=True), name="-first"),
        server=server,
    )
    record = found["right"].record
    assert (record["outcome"], record["driver"]) == (outcome.REPRODUCED, "command-line client")
    assert (record["observed"]["code"], record["observed"]["sqlstate"]) == ("1146", "42S02")
    assert found["first"].record["outcome"] == outcome.RAISED_OTHER


def test_the_client_of_another_server_has_its_trees_name_before_its_own() -> None:
    text = "mysql --version | grep MariaDB && mysql-9.7-mysql -u root -e 'SELECT 1' && mysql-9.7-mysql --version"
    assert outcomes(play(simple("mariadb", "both", step("shell", text)), server="mariadb:11.8")) == {
        "both": outcome.REPRODUCED
    }


@pytest.mark.parametrize("server", ["mysql:9.7", "mariadb:11.8"])
def test_java_runs_a_source_file_with_the_driver_and_a_pool(server: str) -> None:
    made = simple(server.partition(":")[0], "java", step("shell", PING))
    assert outcomes(play(made, server=server)) == {"java": outcome.REPRODUCED}
