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
      let pipeline = channel.pipeline.syncOperations
      let kind = try pipeline.configureUpgradableHTTPServerPipeline(
        configuration: .init(upgradeConfiguration: upgrade))
      let upgrading = try pipeline.handler(
        type: NIOTypedHTTPServerUpgradeHandler<Connection.Kind>.self)
      try pipeline.addHandler(RefuseUpgrades(door: door), position: .before(upgrading))
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
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
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

/// Lets only those requests ask for a WebSocket that get one; the others stay HTTP, and get the site's
/// answer: NIO's own handler would leave them without any.
private final class RefuseUpgrades: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  private let door: Door

  init(door: Door) { self.door = door }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    if isWelcome(head) {
      context.fireChannelRead(data)
      // What comes after it is HTTP no more.
      return context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
    head.headers.remove(name: "Upgrade")
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  /// Whether it asks for the walk's WebSocket as RFC 6455, 4.2.1, wants it, and may have it.
  private func isWelcome(_ head: HTTPRequestHead) -> Bool {
    let headers = head.headers
    return head.method == .GET && Site.path(of: head) == Site.walkPath
      && headers[canonicalForm: "Upgrade"].map { $0.lowercased() } == ["websocket"]
      && headers["Sec-WebSocket-Version"] == ["13"] && headers["Sec-WebSocket-Key"].count == 1
      && door.admits(origin: headers.first(name: "Origin"), host: headers.first(name: "Host"))
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
