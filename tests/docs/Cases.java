import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;

/** Cases FILE: what Verify says of every line, "yes" or "no". Its fields are in base64, with tabs between them. */
final class Cases {
    private static byte[] decode(String field) {
        return Base64.getDecoder().decode(field);
    }

    private static String text(String field) {
        return new String(decode(field), StandardCharsets.UTF_8);
    }

    public static void main(String[] args) throws IOException, GeneralSecurityException {
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            String[] f = line.split("\t", -1);
            long now = Long.parseLong(text(f[5]));
            boolean good = Verify.verify(text(f[0]), text(f[1]), text(f[2]), text(f[3]), decode(f[4]), now);
            System.out.println(good ? "yes" : "no");
        }
    }
}
