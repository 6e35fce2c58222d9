import NIOCore
import NIOPosix
import Scene
import Synchronization

/// Serves one page on which a place can be walked through, and the frames to it, on one port.
///
///     let server = ExploreServer(port: 8080, title: "my garden") { Corridor() }  // a Walkable
///     try await server.run { port in print("http://127.0.0.1:\(port)") }
///
/// What is said on the wire: Documentation/PROTOCOL.md.
public struct ExploreServer: Sendable {
  /// What one server and one viewer may use.
  public struct Limits: Hashable, Sendable {
    /// How many may walk at a time; the next one is asked to come back.
    public var viewers = 8
    /// The most frames a second that a viewer gets.
    public var framesPerSecond = 60.0
    /// How many frames may be on their way to a viewer: 1 has the least delay, 2 or 3 keep the
    /// frame rate up where the way is long.
    public var framesUnderWay = 1
    /// How often a viewer is asked for a sign of life; three without one, and it is gone.
    public var heartbeat = Duration.seconds(20)

    public init() {}
  }

  public let host: String
  public let port: Int
  public let title: String
  public var limits = Limits()
  private let makeWalk: @Sendable () async throws -> any Walkable

  /// - Parameters:
  ///   - host: the address to listen on; only this machine's own by default.
  ///   - port: 0 takes any that is free.
  ///   - title: what the page calls the place.
  ///   - makeWalk: called for each viewer.
  public init(
    host: String = "127.0.0.1", port: Int = 8080, title: String = "RTFM",
    makeWalk: @escaping @Sendable () async throws -> any Walkable
  ) {
    self.host = host
    self.port = port
    self.title = title
    self.makeWalk = makeWalk
  }

  /// Serves until the task is cancelled; tells the port once it listens.
  ///
  /// Throws a ``ServerError`` where it cannot listen.
  public func run(onReady: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
    guard (0...65535).contains(port) else { throw ServerError.noSuchPort(port) }
    let setup = ConnectionSetup(door: Door(listeningOn: host), walk: walk)
    do {
      let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .bind(host: host, port: port, childChannelInitializer: setup.connect)
      try await withThrowingDiscardingTaskGroup { group in
        try await listener.executeThenClose { connections in
          await onReady(listener.channel.localAddress?.port ?? port)
          for try await connection in connections {
            group.addTask { await setup.serve(connection) }
          }
        }
      }
    } catch is CancellationError {
    } catch {
      throw ServerError(error, host: host, port: port)
    }
  }

  /// Walks with a viewer that gets a seat; tells another that there is none.
  private var walk: @Sendable (Viewer.Channel) async -> Void {
    let seats = Seats(count: limits.viewers)
    return { channel in
      let viewer = Viewer(channel, title: title, limits: limits, makeWalk: makeWalk)
      guard seats.take() else {
        return await viewer.refuse(
          Refusal(.busy, "All \(seats.count) places are taken; try again later"))
      }
      defer { seats.leave() }
      await viewer.run()
    }
  }
}

/// Counts the viewers.
private final class Seats: Sendable {
  let count: Int
  private let taken = Mutex(0)

  init(count: Int) { self.count = count }

  func take() -> Bool {
    taken.withLock {
      guard $0 < count else { return false }
      $0 += 1
      return true
    }
  }

  func leave() { taken.withLock { $0 -= 1 } }
}
