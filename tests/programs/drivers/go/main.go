// Opens what stands on each line of the standard input, as JSON, and prints what it is told there.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"
)

type question struct{ Driver, Text, Sql string }

func answer(asked question) (string, error) {
	patience, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var said string
	if asked.Driver == "pgxpool" {
		pool, err := pgxpool.New(patience, asked.Text)
		if err != nil {
			return "", err
		}
		defer pool.Close()
		err = pool.QueryRow(patience, asked.Sql).Scan(&said)
		return said, err
	}
	database, err := sql.Open(asked.Driver, asked.Text)
	if err != nil {
		return "", err
	}
	defer database.Close()
	err = database.QueryRowContext(patience, asked.Sql).Scan(&said)
	return said, err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		told := map[string]string{}
		said, err := answer(asked)
		if err != nil {
			told["error"] = err.Error()
		} else {
			told["said"] = said
		}
		line, _ := json.Marshal(told)
		fmt.Println(string(line))
	}
}
