import NIOCore
import NIOHTTP1
import NIOWebSocket

/// A client's connection: its first request says whether it becomes a WebSocket or stays HTTP.
struct Connection: Sendable {
  enum Kind: Sendable {
    case http(Site.Channel)
    case walk(Viewer.Channel)
  }

  let channel: any Channel
  let kind: EventLoopFuture<Kind>
}

/// Sets connections up and serves them: HTTP and WebSocket on one port.
struct ConnectionSetup: Sendable {
  let door: Door
  /// Walks with a viewer until it leaves.
  let walk: @Sendable (Viewer.Channel) async -> Void

  /// How long a client may take to say what it wants.
  private static let patience = TimeAmount.seconds(10)
  /// How long an HTTP connection may be idle.
  private static let idleTimeout = TimeAmount.seconds(60)

  /// Prepares for a client's first request.
  @Sendable
  func connect(_ channel: any Channel) -> EventLoopFuture<Connection> {
    channel.eventLoop.makeCompletedFuture {
      let upgrade = NIOTypedHTTPServerUpgradeConfiguration(
        upgraders: [upgrader], notUpgradingCompletionHandler: stayHTTP)
      let kind = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
        configuration: .init(upgradeConfiguration: upgrade))
      let impatience = channel.eventLoop.scheduleTask(in: Self.patience) {
        channel.close(promise: nil)
      }
      kind.whenComplete { _ in impatience.cancel() }
      return Connection(channel: channel, kind: kind)
    }
  }

  /// Serves a client until it leaves. A connection that breaks is nothing to report.
  func serve(_ connection: Connection) async {
    let channel = connection.channel
    do {
      let kind = try await withTaskCancellationHandler {
        try await connection.kind.get()
      } onCancel: {
        channel.close(promise: nil)
      }
      switch kind {
      case .http(let channel): try await Site(door: door).serve(channel)
      case .walk(let channel): await walk(channel)
      }
    } catch {
      channel.close(promise: nil)
    }
  }

  private var upgrader: NIOTypedWebSocketServerUpgrader<Connection.Kind> {
    NIOTypedWebSocketServerUpgrader(
      maxFrameSize: MessageReader.limit,
      shouldUpgrade: { [door] channel, head in
        let host = head.headers.first(name: "Host")
        let isWelcome =
          head.uri == Site.walkPath
          && door.admits(origin: head.headers.first(name: "Origin"), host: host)
        return channel.eventLoop.makeSucceededFuture(isWelcome ? HTTPHeaders() : nil)
      },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          .walk(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
        }
      })
  }

  @Sendable
  private func stayHTTP(_ channel: any Channel) -> EventLoopFuture<Connection.Kind> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(IdleStateHandler(allTimeout: Self.idleTimeout))
      try pipeline.addHandler(CloseWhenIdle())
      return .http(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
    }
  }
}

/// Closes a connection whose `IdleStateHandler` says that nothing happens.
private final class CloseWhenIdle: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { return context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }
}
