// Raises errors through Go's drivers: shop FILE [--uncaught]. The file's form is that of shop.py.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgconn"
	_ "github.com/jackc/pgx/v4/stdlib"
	"github.com/lib/pq"
	"github.com/mattn/go-sqlite3"
)

type where struct {
	Host, User, Password, Database, Socket, File string
	Port                                         int
}
type step struct {
	Sql, On, Shell string
	Sleep          int
	Ignore         bool
}
type scenario struct {
	Id      string
	Setup   []string
	Steps   []step
	Base    *where
	Connect *where
	Style   int
}
type job struct {
	Driver    string
	Base      where
	Scenarios []scenario
}

var driver string

func open(w where) (*sql.Conn, error) {
	var name, dsn string
	switch driver {
	case "mysql":
		address := fmt.Sprintf("tcp(%s:%d)", w.Host, w.Port)
		if w.Socket != "" {
			address = "unix(" + w.Socket + ")"
		}
		name, dsn = "mysql", fmt.Sprintf("%s:%s@%s/%s?timeout=3s", w.User, w.Password, address, w.Database)
	case "pq", "pgx":
		name = map[string]string{"pq": "postgres", "pgx": "pgx"}[driver]
		host := w.Host
		if w.Socket != "" {
			host = w.Socket
		}
		dsn = fmt.Sprintf("host=%s port=%d user=%s dbname='%s' sslmode=disable", host, w.Port, w.User, w.Database)
		if w.Password != "" {
			dsn += " password=" + w.Password
		}
	default:
		name, dsn = "sqlite3", "file:"+w.File+"?_busy_timeout=50"
	}
	db, err := sql.Open(name, dsn)
	if err != nil {
		return nil, err
	}
	return db.Conn(context.Background())
}

func execute(c *sql.Conn, text string) error {
	rows, err := c.QueryContext(context.Background(), text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func placeOrder(c *sql.Conn, text string) error {
	if err := execute(c, text); err != nil {
		return err
	}
	return nil
}

func play(s scenario, base where, out io.Writer) error {
	if s.Base != nil {
		base = *s.Base
	}
	admin, err := open(base)
	if err != nil {
		return err
	}
	for _, text := range s.Setup {
		if err := execute(admin, text); err != nil {
			line, _ := json.Marshal(map[string]any{"id": s.Id, "setup": text + ": " + err.Error()})
			fmt.Fprintln(out, string(line))
			break
		}
	}
	admin.Close()
	target := base
	if s.Connect != nil {
		target = *s.Connect
	}
	main, err := open(target)
	if err != nil {
		return err
	}
	defer main.Close()
	var other *sql.Conn
	for _, one := range s.Steps {
		switch {
		case one.Sleep > 0:
			time.Sleep(time.Duration(one.Sleep) * time.Millisecond)
		case one.Shell != "":
			exec.Command("sh", "-c", one.Shell).Run()
		case one.On == "b":
			if other == nil {
				if other, err = open(base); err != nil {
					return err
				}
				defer other.Close()
			}
			execute(other, one.Sql)
		case one.Ignore:
			execute(main, one.Sql)
		default:
			if err := placeOrder(main, one.Sql); err != nil {
				return err
			}
		}
	}
	return nil
}

func shown(err error, style int) string {
	switch style {
	case 0:
		return fmt.Sprintf("%s order not saved: %v", time.Now().Format("2006/01/02 15:04:05"), err)
	case 1:
		return err.Error()
	case 2:
		return fmt.Sprintf("level=error ts=%s caller=orders.go:71 component=shop msg=%q", time.Now().Format(time.RFC3339Nano), err.Error())
	case 3:
		line, _ := json.Marshal(map[string]any{"level": "error", "time": time.Now().Format(time.RFC3339), "error": err.Error(), "message": "create order"})
		return string(line)
	case 4:
		return fmt.Sprintf("%#v", fmt.Errorf("create order: insert: %w", err).Error())
	}
	return fmt.Sprintf("panic: create order: %v\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:41 +0x1d4\nexit status 2", err)
}

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var j job
	if err := json.Unmarshal(data, &j); err != nil {
		log.Fatal(err)
	}
	driver = j.Driver
	for _, s := range j.Scenarios {
		if len(os.Args) > 2 {
			if err := play(s, j.Base, io.Discard); err != nil {
				if s.Style%2 == 0 {
					log.Fatalf("could not place order: %v", err)
				}
				panic(err)
			}
			return
		}
		err := play(s, j.Base, os.Stdout)
		answer := map[string]any{"id": s.Id, "text": nil}
		if err != nil {
			answer["text"] = strings.ToValidUTF8(shown(err, s.Style%5), "?")
			answer["style"] = s.Style % 5
			var m *mysql.MySQLError
			var p *pq.Error
			var x *pgconn.PgError
			var l sqlite3.Error
			switch {
			case errors.As(err, &m):
				answer["code"] = m.Number
			case errors.As(err, &p):
				answer["sqlstate"] = string(p.Code)
			case errors.As(err, &x):
				answer["sqlstate"] = x.Code
			case errors.As(err, &l):
				answer["code"] = int(l.ExtendedCode)
			}
		}
		line, _ := json.Marshal(answer)
		fmt.Println(string(line))
	}
}
