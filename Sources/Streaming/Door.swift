/// Who may come in: a page of another site may not, under whatever name it calls this server.
///
/// A server for this machine only answers to this machine's names, or else a page could have its
/// own name point here (DNS rebinding). A WebSocket takes only pages that came from here, or
/// programs, which name no origin.
struct Door: Sendable {
  /// The names that this server answers to; nil: to any.
  private let names: Set<String>?

  private static let loopback: Set<String> = ["localhost", "127.0.0.1", "[::1]", "::1"]

  /// - Parameter address: the address or name that the server listens on.
  init(listeningOn address: String) {
    let isLocal = Self.loopback.contains(address) || address.hasPrefix("127.")
    names = isLocal ? Self.loopback.union([address]) : nil
  }

  /// Whether a request that names this host (the `Host` header) is meant for this server.
  func admits(host: String?) -> Bool {
    guard let names else { return true }
    guard let host else { return false }
    return names.contains(Self.name(host).lowercased())
  }

  /// Whether a page of this origin may open a WebSocket on this host.
  func admits(origin: String?, host: String?) -> Bool {
    guard admits(host: host) else { return false }
    guard let origin else { return true }
    guard let host, let scheme = origin.firstRange(of: "://") else { return false }
    return origin[scheme.upperBound...].lowercased() == host.lowercased()
  }

  /// A host without its port: `[::1]:8080` is `[::1]`.
  private static func name(_ host: String) -> String {
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    return String(host.prefix { $0 != ":" })
  }
}
