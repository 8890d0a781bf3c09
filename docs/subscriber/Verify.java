import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Verifies a webhook of lifecertd by its v1 signature (HMAC-SHA256). As a program:
 *
 * <pre>WEBHOOK_SECRET=whsec_... java Verify.java ID TIMESTAMP SIGNATURES [NOW] &lt;BODY</pre>
 *
 * The three are the headers webhook-id, webhook-timestamp and webhook-signature. It exits 0 when the request is
 * genuine, and 1 when it is not. NOW takes the place of the clock, in seconds since 1970.
 */
public final class Verify {
    private static final long TOLERANCE = 300; // seconds that a request may be away from now
    private static final String SECRET_PREFIX = "whsec_";
    private static final int BODY_MAX = 1 << 20;

    private Verify() {}

    /** The bytes of a secret, 24 to 64, or null: it is malformed. Base64 has one spelling alone for them. */
    private static byte[] secretKey(String secret) {
        if (!secret.startsWith(SECRET_PREFIX)) {
            return null;
        }
        String text = secret.substring(SECRET_PREFIX.length());
        try {
            byte[] key = Base64.getDecoder().decode(text);
            boolean wellFormed = key.length >= 24 && key.length <= 64;
            return wellFormed && Base64.getEncoder().encodeToString(key).equals(text) ? key : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** "v1," and base64: what the sender must have written, for it knows the key. */
    private static byte[] expectedEntry(byte[] key, String id, String timestamp, byte[] body)
            throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.US_ASCII));
        String encoded = Base64.getEncoder().encodeToString(mac.doFinal(body));
        return ("v1," + encoded).getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Is this request from whoever has the secret, and of this time?
     *
     * @param body as it came, before anything has parsed it
     * @param now seconds since 1970
     */
    public static boolean verify(String secret, String id, String timestamp, String signatures, byte[] body, long now)
            throws GeneralSecurityException {
        byte[] key = secretKey(secret);
        if (key == null || !id.matches("[A-Za-z0-9_-]+") || !timestamp.matches("[0-9]{1,12}")) {
            return false;
        }
        if (Math.abs(now - Long.parseLong(timestamp)) > TOLERANCE) {
            return false;
        }
        byte[] expected = expectedEntry(key, id, timestamp, body);
        boolean found = false; // of several signatures one is enough
        for (String entry : signatures.split(" ")) {
            // isEqual() takes as long wherever two differ.
            found |= MessageDigest.isEqual(entry.getBytes(StandardCharsets.UTF_8), expected);
        }
        return found;
    }

    public static void main(String[] args) throws GeneralSecurityException, IOException {
        String secret = System.getenv("WEBHOOK_SECRET");
        if (args.length < 3 || args.length > 4 || secret == null) {
            System.err.println("usage: WEBHOOK_SECRET=whsec_... java Verify.java ID TIMESTAMP SIGNATURES [NOW] <BODY");
            System.exit(2);
        }
        long now = args.length == 4 ? Long.parseLong(args[3]) : System.currentTimeMillis() / 1000;
        byte[] body = System.in.readNBytes(BODY_MAX);
        if (body.length == BODY_MAX) {
            System.err.println("Verify: a body of more than " + (BODY_MAX - 1) + " bytes");
            System.exit(2);
        }
        System.exit(verify(secret, args[0], args[1], args[2], body, now) ? 0 : 1);
    }
}
