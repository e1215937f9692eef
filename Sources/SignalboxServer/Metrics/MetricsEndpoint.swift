internal import Net
internal import Signalbox
internal import SignalboxLog
internal import Wire

/// What one loop knows of itself.
struct LoopMetrics: Sendable {
  var ingest = IngestMetrics()
  var live = LiveMetrics()
  var viewers = 0
  var gateway = GatewayMetrics()
  /// By reason.
  var refusals: [String: UInt64] = [:]

  static func + (a: LoopMetrics, b: LoopMetrics) -> LoopMetrics {
    LoopMetrics(
      ingest: a.ingest + b.ingest, live: a.live + b.live, viewers: a.viewers + b.viewers,
      gateway: a.gateway + b.gateway, refusals: a.refusals.merging(b.refusals, uniquingKeysWith: +))
  }
}

/// `GET /metrics`: asks every loop for its figures, adds those of the log, and answers when all have spoken.
struct MetricsEndpoint {
  let shared: ServerShared

  func serve(_ exchange: HTTPExchange) {
    let sum = Guarded((metrics: LoopMetrics(), missing: shared.loops.count))
    for (loop, place) in shared.loops {
      loop.execute {
        let mine = place.service?.metrics ?? LoopMetrics()
        let whole = sum.with { sum -> LoopMetrics? in
          sum.metrics = sum.metrics + mine
          sum.missing -= 1
          return sum.missing == 0 ? sum.metrics : nil
        }
        guard let whole else { return }
        exchange.loop.execute { answer(exchange, whole) }
      }
    }
  }

  private func answer(_ exchange: HTTPExchange, _ loops: LoopMetrics) {
    var out = PrometheusWriter()
    let log = shared.log.metrics
    write(ingest: loops.ingest, log, to: &out)
    write(live: loops, to: &out)
    loops.gateway.write(to: &out)
    write(refusals: loops.refusals, to: &out)
    shared.chat.write(to: &out)
    shared.redactions.write(to: &out)
    write(log: log, to: &out)
    out.gauge("signalbox_reader_queue", "Reads of the log that wait for a thread.", shared.readers.depth)
    out.gauge(
      "signalbox_uptime_seconds", "Seconds since the start.",
      (SystemTime.monotonic - shared.started) / 1_000_000_000)
    exchange.respond(
      200, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")], body: out.finish())
  }

  /// The ledger of what comes in: received = stored + duplicate + rejected + refused, once all is committed.
  private func write(ingest: IngestMetrics, _ log: LogMetrics, to out: inout PrometheusWriter) {
    out.counter("signalbox_ingest_received_total", "Events that producers sent.", ingest.received)
    out.counter("signalbox_ingest_stored_total", "Events of producers that were stored.", ingest.stored)
    out.counter("signalbox_ingest_duplicate_total", "Events that had been stored before.", ingest.duplicate)
    out.counter("signalbox_ingest_rejected_total", "Events that were not valid.", ingest.rejected)
    out.counter(
      "signalbox_ingest_refused_total", "Events whose sender was told to come back later.",
      ingest.refusedEvents)
    out.counter(
      "signalbox_ingest_refused_requests_total", "Requests that were refused as a whole.",
      ingest.refusedRequests)
    out.gauge("signalbox_ingest_pending_events", "Events that wait to be committed.", log.pendingEvents)
    out.gauge("signalbox_ingest_pending_bytes", "Bytes that wait to be committed.", log.pendingBytes)
  }

  private func write(refusals: [String: UInt64], to out: inout PrometheusWriter) {
    out.family("signalbox_refused_total", .counter, "Requests that were not let in, by reason.")
    for (reason, count) in refusals.sorted(by: { $0.key < $1.key }) {
      out.sample("signalbox_refused_total", [("reason", reason)], Double(count))
    }
    let cancels = shared.cancels.metrics
    out.counter("signalbox_cancels_total", "Traces that somebody cancelled.", cancels.asked)
    out.counter(
      "signalbox_cancels_dropped_total", "Cancelled traces that gave way to newer ones before their time.",
      cancels.dropped)
  }

  private func write(live: LoopMetrics, to out: inout PrometheusWriter) {
    out.gauge("signalbox_viewers", "Viewers that are connected.", live.viewers)
    out.counter("signalbox_reader_range_total", "Events that viewers were led over.", live.live.range)
    out.counter("signalbox_reader_sent_total", "Events that viewers were given.", live.live.sent)
    out.counter("signalbox_reader_filtered_total", "Events that viewers did not ask for.", live.live.filtered)
    out.counter("signalbox_reader_gap_total", "Events that could not be given, and were said.", live.live.gap)
    out.counter(
      "signalbox_live_sends_total", "Runs of events handed to viewers at the tail.", live.live.sends)
    out.counter("signalbox_live_bytes_total", "Bytes handed to viewers.", live.live.deliveredBytes)
    out.counter("signalbox_live_pages_total", "Pages read from the log for viewers behind.", live.live.pages)
    out.counter("signalbox_live_behind_total", "Times a viewer left the tail.", live.live.fellBehind)
    out.counter(
      "signalbox_live_stalled_total", "Viewers closed because they stopped reading.", live.live.stalled)
  }

  private func write(log: LogMetrics, to out: inout PrometheusWriter) {
    out.histogram(
      "signalbox_log_commit_seconds", "How long commits took.", bounds: LatencyHistogram.bounds,
      counts: log.commitLatency.counts, sum: log.commitLatency.sum)
    out.counter("signalbox_log_commits_total", "Commits.", log.commits)
    out.counter(
      "signalbox_log_stored_total",
      "Events that were stored, those of the gateway and the log's own included.",
      log.stored)
    out.counter("signalbox_log_stored_bytes_total", "Bytes of the events stored, as JSON.", log.storedBytes)
    out.counter("signalbox_log_late_total", "Events that came after the end of their span.", log.late)
    out.counter(
      "signalbox_log_lost_spans_total", "Spans closed because their producer went silent.", log.lost)
    out.counter("signalbox_log_trimmed_total", "Events that retention took.", log.trimmedEvents)
    out.counter("signalbox_log_sealed_total", "Events merged into sealed segments.", log.sealedEvents)
    out.counter(
      "signalbox_log_damaged_segments_total", "Segments that could not be read.", log.damagedSegments)
    out.gauge("signalbox_log_unsealed_events", "Events committed and not yet merged.", log.unsealedEvents)
    out.gauge("signalbox_log_database_bytes", "Bytes of the database file.", log.databaseBytes)
    out.gauge("signalbox_log_wal_bytes", "Bytes of the write-ahead log.", log.walBytes)
    out.gauge("signalbox_log_disk_full", "1 while the disk is full.", log.isDiskFull ? 1 : 0)
  }
}
