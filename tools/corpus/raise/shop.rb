# Raises errors through Ruby's drivers: ruby shop.rb FILE [--uncaught]. The file's form is that of shop.py.
require 'json'
require 'logger'

JOB = JSON.parse(File.read(ARGV[0]))
UNCAUGHT = ARGV.include?('--uncaught')
DRIVER = JOB['driver']

class Session
  def initialize(where)
    case DRIVER
    when 'mysql2'
      require 'mysql2'
      place = where['socket'] ? { socket: where['socket'] } : { host: where['host'], port: where['port'] }
      @link = Mysql2::Client.new(username: where['user'], password: where['password'], database: where['database'].to_s.empty? ? nil : where['database'], connect_timeout: 3, encoding: 'utf8mb4', **place)
    when 'pg'
      require 'pg'
      @link = PG.connect(host: where['socket'] || where['host'], port: where['port'], user: where['user'], password: where['password'], dbname: where['database'])
      @link.set_notice_processor { |_| }
    when 'sqlite3'
      require 'sqlite3'
      @link = SQLite3::Database.new(where['file'])
    else
      require 'active_record'
      adapter = DRIVER.split('+').last
      config = where['file'] ? { database: where['file'], timeout: 50 } : { host: where['host'], port: where['port'], username: where['user'], password: where['password'], database: where['database'] }
      config = config.reject { |key, _| %i[host port].include?(key) }.merge(adapter == 'mysql2' ? { socket: where['socket'] } : { host: where['socket'] }) if where['socket']
      config[:min_messages] = 'error' if adapter == 'postgresql'
      config[:prepared_statements] = false
      @pool = Class.new(ActiveRecord::Base) { self.abstract_class = true }
      name = "Pool#{@pool.object_id}"
      Object.const_set(name, @pool)
      @pool.establish_connection(adapter: adapter, **config)
      @link = @pool.connection
    end
  end

  def execute(sql)
    case DRIVER
    when 'mysql2' then @link.query(sql)
    when 'pg' then @link.exec(sql)
    when 'sqlite3' then @link.execute(sql)
    else @link.execute(sql)
    end
  end

  def close
    @pool ? @pool.remove_connection : @link.close
  end
end

class OrdersController
  def initialize(session)
    @session = session
  end

  def create(sql)
    @session.execute(sql)
  end
end

def play(scenario)
  base = scenario['base'] || JOB['base']
  admin = Session.new(base)
  scenario['setup'].each do |sql|
    admin.execute(sql)
  rescue StandardError => e
    puts JSON.generate(id: scenario['id'], setup: "#{sql}: #{e.message}")
    break
  end
  admin.close
  sessions = []
  begin
    main = Session.new(scenario['connect'] || base)
    sessions << main
    other = nil
    scenario['steps'].each do |step|
      if step['sleep'] then sleep(step['sleep'] / 1000.0)
      elsif step['shell'] then system(step['shell'])
      elsif step['on'] == 'b'
        sessions << (other = Session.new(base)) unless other
        begin
          other.execute(step['sql'])
        rescue StandardError
          nil
        end
      elsif step['ignore']
        begin
          main.execute(step['sql'])
        rescue StandardError
          nil
        end
      else
        OrdersController.new(main).create(step['sql'])
      end
    end
  ensure
    unless UNCAUGHT
      sessions.reverse_each do |session|
        session.close
      rescue StandardError
        nil
      end
    end
  end
end

def shown(error, style)
  case style
  when 0 then error.full_message(highlight: false, order: :top)
  when 1 then error.message
  when 2 then Logger::Formatter.new.call('ERROR', Time.now, 'shop', error)
  when 3 then "#{error.class}: #{error.message}"
  when 4 then "F, [#{Time.now.strftime('%FT%T.%6N')} ##{$$}] FATAL -- : [7f2c3c1e-3d0b-4d5e-9a35-5f0d8a3fb0a2] \n[7f2c3c1e-3d0b-4d5e-9a35-5f0d8a3fb0a2] #{error.class} (#{error.message}):\n[7f2c3c1e-3d0b-4d5e-9a35-5f0d8a3fb0a2]   \n[7f2c3c1e-3d0b-4d5e-9a35-5f0d8a3fb0a2] #{error.backtrace.first(3).join("\n")}"
  else error.inspect
  end
end

JOB['scenarios'].each do |scenario|
  if UNCAUGHT
    play(scenario)
    exit
  end
  begin
    play(scenario)
    puts JSON.generate(id: scenario['id'], text: nil)
  rescue StandardError => e
    inner = e.cause && DRIVER.include?('+') ? e.cause : e
    code = inner.respond_to?(:error_number) ? inner.error_number : nil
    state = inner.respond_to?(:sql_state) ? inner.sql_state : nil
    state = inner.result&.error_field(PG::Result::PG_DIAG_SQLSTATE) if inner.respond_to?(:result)
    code = inner.code if DRIVER.end_with?('sqlite3') && inner.respond_to?(:code)
    text = shown(e, scenario['style'] % 6).dup.force_encoding('UTF-8').scrub('?')
    puts JSON.generate(id: scenario['id'], text: text, code: code, sqlstate: state, symbol: nil, style: scenario['style'] % 6)
  end
  $stdout.flush
end
