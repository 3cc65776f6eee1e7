// A stand-in for the engine that came first, to be timed beside this one: the same four
// queries over the same rows, the same steps, in the same runtime. It is written from a
// description of that engine, not from its source; what the description leaves open is
// done in the cheaper way.
//
//   bun engine.js DATABASE NOW EVENT…
//
// It reads a number of graphs a line from standard input, builds that many, of the events in
// turn, and answers with one line of JSON: the time of each in ms, and the processor time of
// all, in ms.
import { Database } from "bun:sqlite";

const [path, at, ...events] = Bun.argv.slice(2);
const now = Number(at);
const db = new Database(path);
db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");

const hour = 3_600_000;
const layers = [
  { layer: 1, window: hour },
  { layer: 2, window: 24 * hour },
  { layer: 3, window: 168 * hour },
  { layer: 4, window: 24 * hour },
];

// A query runs synchronously, then races against its limit of 50 ms, whose timer nobody stops.
function limited(run) {
  const result = Promise.resolve(run());
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("late")), 50));
  late.catch(() => {});
  return Promise.race([result, late]);
}

// One layer: the statement is prepared each time, rows become objects with numbers filled in
// where they are missing.
async function build(event, { layer, window }) {
  const rows = await limited(() => {
    const statement = db.prepare(`SELECT source_node, target_node, correlation_type, correlation_score, latency_ms,
      expected_propagation, detected_at, confidence FROM multi_layer_correlations
      WHERE event_id = ? AND layer = ? AND detected_at > ? ORDER BY correlation_score DESC LIMIT 50`);
    const all = statement.all(event, layer, now - window);
    statement.finalize();
    return all;
  });
  return {
    layer,
    correlations: rows.map((r) => ({
      sourceNode: r.source_node,
      targetNode: r.target_node,
      type: r.correlation_type,
      score: r.correlation_score,
      latencyMs: r.latency_ms,
      expected: r.expected_propagation || r.correlation_score * 0.8,
      detectedAt: r.detected_at,
      confidence: r.confidence || Math.abs(r.correlation_score),
    })),
  };
}

// A graph: four layers "in parallel" on one connection, then a row of the audit and one of
// measurements.
async function graph(event) {
  const began = performance.now();
  const built = await Promise.all(layers.map((l) => build(event, l)));
  const took = performance.now() - began;
  const audit = db.prepare("INSERT INTO audit_log (at, operation, subject, status) VALUES (?, ?, ?, ?)");
  audit.run(Date.now(), "BUILD_GRAPH", event, "SUCCESS");
  audit.finalize();
  const measured = db.prepare(`INSERT INTO audit_performance_metrics (timestamp, operation_type, p50_latency_us, p99_latency_us,
    throughput_rps, memory_mb, cpu_percent) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  measured.run(Date.now(), "GRAPH_BUILD", took * 1000, took * 2200, 450, process.memoryUsage().rss / 1e6, 0);
  measured.finalize();
  return { event, layers: built };
}

let turn = 0;
for await (const line of console) {
  if (line === "") break; // the end of the input
  const times = [];
  const before = process.cpuUsage();
  let last;
  for (let i = Number(line); i > 0; i--) {
    const began = performance.now();
    last = await graph(events[turn++ % events.length]);
    times.push(performance.now() - began);
  }
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({ times, cpu: (used.user + used.system) / 1000, edges: last.layers.map((l) => l.correlations.length) }));
}
