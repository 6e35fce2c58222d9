import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// A client's connection: its first request says whether it becomes a WebSocket or stays HTTP.
struct Connection: ServerChildChannelValue {
  enum Kind: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case walk(NIOAsyncChannel<WebSocketFrame, WebSocketFrame>)
  }

  let channel: any Channel
  let kind: EventLoopFuture<Kind>
}

/// Sets connections up: Hummingbird's HTTP beside NIO's WebSocket, on one port.
struct ConnectionSetup: HTTPChannelHandler {
  let responder: Responder
  let door: Door
  /// Walks with a viewer until it leaves.
  let walk: @Sendable (NIOAsyncChannel<WebSocketFrame, WebSocketFrame>) async -> Void

  /// How long a client may take to say what it wants.
  private static let patience = TimeAmount.seconds(10)
  /// How long an HTTP connection may be idle.
  private static let idleTimeout = Duration.seconds(60)

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
    channel.eventLoop.makeCompletedFuture {
      let upgrade = NIOTypedHTTPServerUpgradeConfiguration(
        upgraders: [upgrader], notUpgradingCompletionHandler: { stayHTTP($0, logger) })
      let kind = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
        configuration: .init(upgradeConfiguration: upgrade))
      let impatience = channel.eventLoop.scheduleTask(in: Self.patience) {
        channel.close(promise: nil)
      }
      kind.whenComplete { _ in impatience.cancel() }
      return Connection(channel: channel, kind: kind)
    }
  }

  func handle(value connection: Connection, logger: Logger) async {
    let channel = connection.channel
    do {
      let kind = try await withTaskCancellationHandler {
        try await connection.kind.get()
      } onCancel: {
        channel.close(promise: nil)
      }
      switch kind {
      case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
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
  private func stayHTTP(_ channel: any Channel, _ logger: Logger) -> EventLoopFuture<
    Connection.Kind
  > {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
      try pipeline.addHandler(
        HTTPConnectionStateHandler(idleTimeout: Self.idleTimeout, logger: logger))
      return .http(
        try NIOAsyncChannel(
          wrappingChannelSynchronously: channel,
          configuration: .init(isOutboundHalfClosureEnabled: true)))
    }
  }
}
