import Streaming
import Synchronization

/// Runs a server, on a free port if none is given, for as long as the body takes.
func serving<R: Sendable>(
  port: Int = 0, limits: ExploreServer.Limits = .init(),
  _ makeWalk: @escaping @Sendable () async throws -> any Walkable,
  _ body: @escaping @Sendable (Int) async throws -> R
) async throws -> R {
  var server = ExploreServer(port: port, title: "a \"floor\"", makeWalk: makeWalk)
  server.limits = limits
  let (ports, ready) = AsyncStream<Int>.makeStream()
  return try await withThrowingTaskGroup(of: Void.self) { [server] group in
    group.addTask {
      defer { ready.finish() }
      try await server.run { ready.yield($0) }
    }
    defer { group.cancelAll() }
    for await port in ports { return try await body(port) }
    try await group.waitForAll()
    throw CancellationError()
  }
}

/// A server with one kind of walk, and a client that has become a WebSocket.
func walking<R: Sendable>(
  limits: ExploreServer.Limits = .init(), _ walk: some Walkable,
  _ body: @escaping @Sendable (RawClient) async throws -> R
) async throws -> R {
  try await serving(limits: limits) {
    walk
  } _: { port in
    let client = try RawClient(port: port)
    defer { client.close() }
    try await client.upgrade()
    return try await body(client)
  }
}
