package registry

// NewDesktopAuthProvider is that of Docker Compose without Docker Desktop. The modules that ask Docker Desktop for a
// session at Docker Hub (github.com/docker/secrets-engine) are not in every Go module proxy, and the tests log in nowhere.
func NewDesktopAuthProvider(fallback AuthProvider) AuthProvider {
	return fallback
}
