import NIOCore
import NIOWebSocket
import Scene
import Synchronization

/// One viewer: reads its input, draws its frames, and sends one only when it has got the last.
final class Viewer: Sendable {
  typealias Channel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>
  typealias Outbound = NIOAsyncChannelOutboundWriter<WebSocketFrame>

  private let channel: Channel
  private let title: String
  private let limits: ExploreServer.Limits
  private let makeWalk: @Sendable () async throws -> any Walkable

  private let mailbox: Mutex<Mailbox>
  /// Something may have changed: look into the mailbox. One slot too.
  private let bell = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
  private let isLeaving = Atomic(false)
  private let lastHeard: Mutex<ContinuousClock.Instant>

  init(
    _ channel: Channel, title: String, limits: ExploreServer.Limits,
    makeWalk: @escaping @Sendable () async throws -> any Walkable
  ) {
    self.channel = channel
    self.title = title
    self.limits = limits
    self.makeWalk = makeWalk
    mailbox = Mutex(
      Mailbox(
        window: limits.framesUnderWay, framesPerSecond: limits.framesPerSecond, now: .now))
    lastHeard = Mutex(.now)
  }

  /// Walks until the viewer leaves, or is sent away.
  func run() async {
    await hold { inbound, outbound in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await self.draw(to: outbound) }
        group.addTask { try await self.listenForSilence(outbound) }
        defer { group.cancelAll() }
        try await self.read(inbound, outbound)
      }
    }
  }

  /// Says why not, and closes.
  func refuse(_ refusal: Refusal) async {
    await hold { inbound, outbound in
      await self.sendAway(refusal, outbound)
      try await self.read(inbound, outbound)
    }
  }

  /// A connection that breaks is a viewer that left: nothing to report.
  private func hold(
    _ body: (NIOAsyncChannelInboundStream<WebSocketFrame>, Outbound) async throws -> Void
  ) async {
    try? await channel.executeThenClose(body)
  }

  // MARK: Reading

  private func read(
    _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>, _ outbound: Outbound
  ) async throws {
    var reader = MessageReader()
    for try await frame in inbound {
      lastHeard.withLock { $0 = .now }
      do throws(Refusal) {
        switch try reader.read(frame) {
        case .text(let json): try take(Input(json: json))
        case .ping(let data): try? await outbound.write(.pong(data))
        case .close: return await goodbye(outbound)
        case .nothing: break
        }
      } catch {
        await sendAway(error, outbound)
      }
    }
  }

  private func take(_ input: Input) {
    mailbox.withLock { $0.post(input, now: .now) }
    bell.continuation.yield()
  }

  // MARK: Drawing

  private func draw(to outbound: Outbound) async {
    do {
      try await outbound.write(.text(Notice.hello(title: title).json))
      let walk = try await makeWalk()
      let map = MapPlane(of: walk)
      bell.continuation.yield()
      var warning = ""
      for await _ in bell.stream {
        while let (action, id, applied) = try await nextStep() {
          let view = try await walk.step(action)
          if view.isUnfinished { mailbox.withLock { $0.goOn(now: .now) } }
          if view.warning != warning {
            warning = view.warning
            try await outbound.write(.text(Notice.warning(warning).json))
          }
          for message in messages(view, id, applied, map) { try await outbound.write(message) }
        }
      }
    } catch is CancellationError {
    } catch {
      await sendAway(Refusal(.failed, "\(error)"), outbound)
    }
  }

  private func nextStep() async throws -> (Action, id: UInt32, applied: UInt32)? {
    while !Task.isCancelled, !isLeaving.load(ordering: .relaxed) {
      switch mailbox.withLock({ $0.next(now: .now) }) {
      case .step(let action, let id, let applied): return (action, id, applied)
      case .pause(let instant): try await Task.sleep(until: instant, clock: .continuous)
      case .rest: return nil
      }
    }
    return nil
  }

  /// A view as it goes over the wire: what is new on the map, in pieces, then the frame.
  private func messages(
    _ view: View, _ id: UInt32, _ applied: UInt32, _ map: MapPlane
  ) -> [WebSocketFrame] {
    let places = view.newKeyframes.map { (id: $0.id, place: map.place($0.pose)) }
    let pieces = stride(from: 0, to: places.count, by: Self.mapPiece).map {
      Notice.keyframes(Array(places[$0..<min($0 + Self.mapPiece, places.count)]))
    }
    let header = FrameHeader(view, id: id, applied: applied, place: map.place(view.camera.pose))
    return pieces.map { .text($0.json) } + [.binary(header.encoded, view.jpeg)]
  }

  private static let mapPiece = 1000

  // MARK: Leaving

  /// Says what is wrong and closes; who does not close in turn is cut off after a while.
  private func sendAway(_ refusal: Refusal, _ outbound: Outbound) async {
    guard !isLeaving.exchange(true, ordering: .relaxed) else { return }
    let connection = channel.channel
    connection.eventLoop.scheduleTask(in: .seconds(2)) { connection.close(promise: nil) }
    try? await outbound.write(.text(Notice.error(refusal.reason).json))
    try? await outbound.write(.close(refusal.code.webSocket, refusal.reason))
  }

  private func goodbye(_ outbound: Outbound) async {
    guard !isLeaving.exchange(true, ordering: .relaxed) else { return }
    try? await outbound.write(.close(.normalClosure))
  }

  /// Asks for a sign of life now and then, and hangs up when none comes.
  private func listenForSilence(_ outbound: Outbound) async throws {
    while true {
      try await Task.sleep(for: limits.heartbeat)
      if lastHeard.withLock({ $0 }) + limits.heartbeat * 3 < .now {
        return channel.channel.close(promise: nil)
      }
      if channel.channel.isWritable { try await outbound.write(.ping) }
    }
  }
}
