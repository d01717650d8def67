// Raises errors through Node's drivers: node shop.js FILE [--uncaught]. The file's form is that of shop.py.
'use strict';
const fs = require('node:fs');
const util = require('node:util');
const { execSync } = require('node:child_process');

const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const uncaught = process.argv.includes('--uncaught');
const driver = job.driver;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function connect(where) {
  const tcp = { host: where.host, port: where.port };
  const login = { user: where.user, password: where.password || '', database: where.database || undefined };
  if (driver === 'mysql') {
    const connection = require('mysql').createConnection({ ...(where.socket ? { socketPath: where.socket } : tcp), ...login });
    connection.on('error', () => {});
    await util.promisify(connection.connect).call(connection);
    return { execute: (sql) => util.promisify(connection.query).call(connection, sql), close: () => connection.destroy() };
  }
  if (driver === 'mysql2' || driver === 'mysql2/promise') {
    const options = { ...(where.socket ? { socketPath: where.socket } : tcp), ...login };
    if (driver === 'mysql2/promise') {
      const connection = await require('mysql2/promise').createConnection(options);
      connection.on('error', () => {});
      return { execute: (sql) => connection.query(sql), close: () => connection.destroy() };
    }
    const connection = require('mysql2').createConnection(options);
    await new Promise((resolve, reject) => {
      connection.once('connect', resolve);
      connection.on('error', reject);
    });
    return {
      execute: (sql) => new Promise((resolve, reject) => connection.query(sql, (error, rows) => (error ? reject(error) : resolve(rows)))),
      close: () => connection.destroy(),
    };
  }
  if (driver === 'mariadb') {
    const connection = await require('mariadb').createConnection({ ...(where.socket ? { socketPath: where.socket } : tcp), ...login, connectTimeout: 1500, allowPublicKeyRetrieval: true });
    connection.on('error', () => {});
    return { execute: (sql) => connection.query(sql), close: () => connection.destroy() };
  }
  if (driver === 'pg') {
    const { Client } = require('pg');
    const client = new Client({ host: where.socket || where.host, port: where.port, ...login });
    client.on('error', () => {});
    await client.connect();
    return { execute: (sql) => client.query(sql), close: () => client.end().catch(() => {}) };
  }
  if (driver === 'better-sqlite3') {
    const database = new (require('better-sqlite3'))(where.file, { timeout: 50, fileMustExist: Boolean(where.mustExist), readonly: Boolean(where.readonly) });
    return {
      execute: async (sql) => (/^(select|pragma|with)/i.test(sql) ? database.prepare(sql).all() : database.exec(sql)),
      close: () => database.close(),
    };
  }
  if (driver === 'sqlite3') {
    const sqlite3 = require('sqlite3');
    const database = await new Promise((resolve, reject) => {
      const opened = new sqlite3.Database(where.file, (error) => (error ? reject(error) : resolve(opened)));
    });
    return {
      execute: (sql) => new Promise((resolve, reject) => database.all(sql, (error, rows) => (error ? reject(error) : resolve(rows)))),
      close: () => database.close(() => {}),
    };
  }
  const [layer, below] = driver.split('+');
  if (layer === 'knex') {
    const connection = where.file ? { filename: where.file } : { ...(where.socket ? { socketPath: where.socket } : tcp), ...login };
    const knex = require('knex')({ client: below, connection, useNullAsDefault: true, pool: { min: 0, max: 1 }, acquireConnectionTimeout: 3000 });
    return { execute: (sql) => knex.raw(sql.replace(/\?/g, '\\?')), close: () => knex.destroy() };
  }
  if (layer === 'sequelize') {
    const { Sequelize } = require('sequelize');
    const options = where.file
      ? { dialect: 'sqlite', storage: where.file }
      : { dialect: below, host: where.host, port: where.port, dialectOptions: where.socket ? { socketPath: where.socket } : {} };
    const sequelize = new Sequelize(login.database || '', login.user, login.password, { ...options, logging: false, pool: { max: 1 }, retry: { max: 1 } });
    await sequelize.authenticate();
    return { execute: (sql) => sequelize.query(sql), close: () => sequelize.close() };
  }
  throw new Error(driver);
}

async function placeOrder(session, sql) {
  return await session.execute(sql);
}

async function play(scenario) {
  const base = scenario.base || job.base;
  const admin = await connect(base);
  for (const sql of scenario.setup) {
    try {
      await admin.execute(sql);
    } catch (error) {
      console.log(JSON.stringify({ id: scenario.id, setup: `${sql}: ${error.message}` }));
      break;
    }
  }
  await admin.close();
  const sessions = [];
  try {
    const main = await connect(scenario.connect || base);
    sessions.push(main);
    let other;
    for (const step of scenario.steps) {
      if (step.sleep) {
        await sleep(step.sleep);
      } else if (step.shell) {
        execSync(step.shell, { stdio: 'ignore' });
      } else if (step.on === 'b') {
        if (!other) sessions.push((other = await connect(base)));
        await other.execute(step.sql).catch(() => {});
      } else if (step.ignore) {
        await main.execute(step.sql).catch(() => {});
      } else {
        await placeOrder(main, step.sql);
      }
    }
  } finally {
    if (!uncaught) for (const session of sessions.reverse()) await session.close();
  }
}

function shown(error, style) {
  if (style === 0) return util.inspect(error);
  if (style === 1) return String(error.message);
  if (style === 2) return error.stack;
  if (style === 3) return JSON.stringify({ level: 50, time: 1717171717171, name: 'shop-api', err: { type: error.name, message: error.message, stack: error.stack, ...error }, msg: 'request failed' });
  if (style === 4) return `Error placing order: ${error}`;
  return `[${new Date().toISOString()}] ERROR (${process.pid}): ${error.code || error.name}: ${error.message}`;
}

async function main() {
  for (const scenario of job.scenarios) {
    if (uncaught) {
      await play(scenario);
      process.exit(0);
    }
    try {
      await play(scenario);
      console.log(JSON.stringify({ id: scenario.id, text: null }));
    } catch (error) {
      const inner = error.parent || error.cause || error;
      const style = scenario.style % 6;
      console.log(
        JSON.stringify({
          id: scenario.id,
          text: shown(error, style),
          code: inner.errno ?? null,
          sqlstate: inner.sqlState || inner.sqlStateMarker || (driver.includes('pg') || driver.includes('postgres') ? inner.code : null) || null,
          symbol: inner.code || null,
          style,
        }),
      );
    }
  }
  process.exit(0);
}

if (uncaught) main();
else main().catch((error) => { console.error(error); process.exit(1); });
