"""Mistakes that could be made, one at a time; every one of them must be seen by the tests.

A breakage is a change of one place in the sources, and what must fail with it: a folder of unit tests, or cases of
`make faults`. Where the place is not there any more, the breakage has to be written anew.
"""

from typing import NamedTuple


class Breakage(NamedTuple):
    what: str
    file: str
    old: str
    new: str
    # A folder of Tests/; or, behind FAULTS, what pytest's -k takes.
    tests: str


FAULTS = "faults: "
# Those who wait are woken, and a few milliseconds pass.
MOMENT = ("    for wake in core.answered.with({ $0 }) { wake() }\n"
          "    let moment = SystemTime.monotonic + 5_000_000\n    while SystemTime.monotonic < moment {}\n")
LOG, SIGNALBOX, SERVER, WIRE = "SignalboxLogTests", "SignalboxTests", "SignalboxServerTests", "WireTests"

BREAKAGES = [
    Breakage(
        "an event now and then is acknowledged and not stored",
        "Sources/SignalboxLog/Writer/Writer.swift",
        "    commit.builder.append(copying: slot, from: bytes, inheriting: inherited)\n",
        "    if offset % 1000 != 999 { commit.builder.append(copying: slot, from: bytes, inheriting: inherited) }\n",
        LOG),
    Breakage(
        "the answer comes before the commit",
        "Sources/SignalboxLog/Writer/Writer.swift",
        "      if commit.builder.count > 0 { try finish(commit) }\n      tell(submissions, results)\n",
        "      tell(submissions, results)\n      if commit.builder.count > 0 { try finish(commit) }\n",
        LOG),
    Breakage(
        "an offset is given twice",
        "Sources/SignalboxLog/Writer/Commit.swift",
        "firstOffset + UInt64(builder.count) }",
        "firstOffset + UInt64(builder.count == 3 ? 2 : builder.count) }",
        LOG),
    Breakage(
        "ids that were stored are not known again",
        "Sources/SignalboxLog/Writer/Writer.swift",
        "        tables.ids.insert(hash)\n",
        "",
        LOG),
    Breakage(
        "numbers of producers are not known again after a restart",
        "Sources/SignalboxLog/Writer/Writer.swift",
        "    if let producer, offset >= producer.asOf {",
        "    if let producer, offset >= producer.asOf, offset % 2 == 0 {",
        LOG),
    Breakage(
        "a checksum that does not fit is let pass",
        "Sources/SignalboxLog/Segments/EventBlock.swift",
        "    guard stableHash(bytes) == checksum, 0...(1 << 30) ~= size else { return nil }\n",
        "    guard 0...(1 << 30) ~= size else { return nil }\n",
        LOG),
    Breakage(
        "a damaged stretch is left out without a word",
        "Sources/SignalboxLog/Reader/LogReader.swift",
        "        read.page.addGap(max(read.next, segment.firstOffset)..<segment.endOffset, .damaged)\n",
        "",
        LOG),
    Breakage(
        "reading goes on one event too late",
        "Sources/SignalboxLog/Reader/LogReader.swift",
        "        next: offset + 1, end:",
        "        next: offset + 2, end:",
        LOG),
    Breakage(
        "a full disk is never recovered from",
        "Sources/SignalboxLog/LogCore+Availability.swift",
        "    isUnavailable.store(false, ordering: .releasing)\n",
        "",
        LOG),
    Breakage(
        "a viewer that comes from a page misses the next event",
        "Sources/SignalboxServer/Live/LiveHub.swift",
        "    viewer.cursor = page.next\n",
        "    viewer.cursor = page.next + 1\n",
        SERVER),
    Breakage(
        "a signature is not looked at",
        "Sources/SignalboxServer/Access/Tokens/TokenAuthority.swift",
        "    guard key.verifies(token) else {",
        "    guard key.verifies(token) || true else {",
        SERVER),
    Breakage(
        "the queue before an exporter has no bound",
        "Sources/Signalbox/Export/ExportBuffer.swift",
        "    return held.count + (sending?.count ?? 0) < limit\n",
        "    return held.count + (sending?.count ?? 0) < max(limit, .max)\n",
        SIGNALBOX),
    Breakage(
        "to shut an emitter down may take as long as its exporter likes",
        "Sources/Signalbox/Emit/EmitterCore.swift",
        "      for lane in pumps.indices { await self.flush(lane) }\n",
        "      _ = pumps.indices\n",
        SIGNALBOX),
    Breakage(
        "deltas are merged in the wrong order",
        "Sources/Signalbox/Export/Event+merging.swift",
        "    joined[\"text\"] = .string(text + nextText)\n",
        "    joined[\"text\"] = .string(nextText + text)\n",
        SIGNALBOX),
    Breakage(
        "the number of a delta is given twice",
        "Sources/Signalbox/Emit/ActiveSpan.swift",
        "      defer { progress.deltas += 1 }\n",
        "      defer { progress.deltas += progress.deltas == 2 ? 0 : 1 }\n",
        SIGNALBOX),
    Breakage(
        "a message may be as long as its sender likes",
        "Sources/Wire/WebSocket/WebSocketDecoder.swift",
        "    if !opcode.isControl, length > UInt64(maxMessage - (gathered?.count ?? 0)) {\n",
        "    if !opcode.isControl, length > UInt64(Int32.max) {\n",
        WIRE),
    Breakage(
        "a secret that is torn over two pieces is let through",
        "Sources/Wire/Redaction/RedactionSet.swift",
        "static let longestHold = ",
        "static let longestHold = 1 + 0 * ",
        WIRE),
    # What only shows in the program as it runs.
    Breakage(
        "the answer comes a moment before the commit",
        "Sources/SignalboxLog/Writer/Writer.swift",
        "      if commit.builder.count > 0 { try finish(commit) }\n      tell(submissions, results)\n",
        "      tell(submissions, results)\n" + MOMENT +
        "      if commit.builder.count > 0 { try finish(commit) }\n",
        FAULTS + "killed_under_load"),
    Breakage(
        "a viewer is shown what is not stored yet",
        "Sources/SignalboxLog/Writer/Writer.swift",
        "    let started = SystemTime.monotonic\n    try core.turn.with {",
        "    let started = SystemTime.monotonic\n"
        "    for observer in core.observers.with({ $0 }) { observer(committed) }\n" + MOMENT +
        "    try core.turn.with {",
        FAULTS + "killed_under_load"),
    Breakage(
        "an opening goes on under the name of the last one",
        "Sources/SignalboxLog/Opening.swift",
        "    let epoch = UInt64.random(in: 1..<1 << 48)\n",
        "    let epoch: UInt64 = 1\n",
        FAULTS + "damaged_anywhere and wal"),
    Breakage(
        "nobody is told what a damaged write-ahead log lost",
        "Sources/SignalboxLog/Opening.swift",
        "noted > marks.tip {",
        "noted > marks.tip, noted == 0 {",
        FAULTS + "damaged_anywhere and wal"),
    Breakage(
        "a connection leaves a descriptor behind",
        "Sources/Net/Connection/Connection.swift",
        "    let driver = self.driver\n",
        "    _ = dup(2)\n    let driver = self.driver\n",
        FAULTS + "producers_that_lie"),
    Breakage(
        "the body of a request may take as long as it likes",
        "Sources/Net/HTTP/HTTPDriver.swift",
        "    progress = 0\n    connection.setDeadline(seconds: limits.bodySeconds)\n",
        "    progress = 0\n    connection.setDeadline(seconds: limits.bodySeconds * 1000)\n",
        FAULTS + "producers_that_trickle"),
    Breakage(
        "who has vanished is kept",
        "Sources/Net/Connection/Connection.swift",
        "  func closeIfSilent(for seconds: UInt64) {\n",
        "  func closeIfSilent(for seconds: UInt64) {\n    guard seconds == 0 else { return }\n",
        FAULTS + "sockets_that_vanish"),
    Breakage(
        "an answer that broke off ends like a whole one",
        "Sources/SignalboxServer/Gateway/GatewayCall.swift",
        "        if exchange.hasBegun {\n          exchange.abort()\n",
        "        if exchange.hasBegun {\n          exchange.finish()\n",
        FAULTS + "wild_upstreams"),
    Breakage(
        "what a full disk refuses is not counted",
        "Sources/SignalboxServer/Ingest/IngestEndpoint.swift",
        "    if result.failure != nil { refusedEvents += UInt64(batch.count) }\n",
        "",
        FAULTS + "full_again"),
]
