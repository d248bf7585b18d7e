# Opens what stands on each line of the standard input, as JSON, and prints what it is told there: through Rails' own reader
# of URLs, or by libpq alone.
require "active_record"
require "json"
require "pg"

def answer(asked)
  if asked["driver"] == "pg"
    connection = PG.connect(asked["text"])
    return connection.exec(asked["sql"]).getvalue(0, 0)
  end
  ActiveRecord::Base.establish_connection(asked["text"])
  ActiveRecord::Base.connection.select_value(asked["sql"])
ensure
  connection&.close
end

$stdin.each_line do |line|
  told = begin
    { said: answer(JSON.parse(line)).to_s }
  rescue StandardError => error
    { error: error.message }
  end
  puts JSON.generate(told)
end
