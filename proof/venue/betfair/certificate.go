package betfair

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// keyOf returns a key that is the same in every run; it protects nothing.
func keyOf(seed byte) ed25519.PrivateKey {
	s := make([]byte, ed25519.SeedSize)
	s[0] = seed
	return ed25519.NewKeyFromSeed(s)
}

// certificates are those of the servers and of their one client.
type certificates struct {
	roots  *x509.CertPool
	server tls.Certificate
	client []byte // PEM
	key    []byte // PEM
}

// certify makes the certificates of some hosts.
func certify(hosts ...string) (c certificates, err error) {
	root := template(1, "root")
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	rootKey := keyOf(1)
	der, err := x509.CreateCertificate(nil, root, root, rootKey.Public(), rootKey)
	if err != nil {
		return c, err
	}
	if root, err = x509.ParseCertificate(der); err != nil {
		return c, err
	}
	c.roots = x509.NewCertPool()
	c.roots.AddCert(root)
	leaf := template(2, "server")
	leaf.DNSNames, leaf.ExtKeyUsage = hosts, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if der, err = x509.CreateCertificate(nil, leaf, root, keyOf(2).Public(), rootKey); err != nil {
		return c, err
	}
	c.server = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: keyOf(2)}
	client := template(3, "client")
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if der, err = x509.CreateCertificate(nil, client, root, keyOf(3).Public(), rootKey); err != nil {
		return c, err
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(keyOf(3))
	c.client = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	c.key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs})
	return c, err
}

func template(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}
